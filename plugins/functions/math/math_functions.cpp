// Every function is a row of a table: its name, how many arguments it takes, how it is computed on
// floats, and whether integers stay what they are. A result that is no number is null; so is the
// result of anything that is not a number.
#include "functions/math/math_functions.hpp"

#include <array>
#include <cmath>
#include <cstring>

#include "functions/common/kept_values.hpp"

namespace varve::functions {

namespace {

// Half away from zero.
double round_half(double x) {
    const double whole = std::trunc(x);
    return std::fabs(x - whole) >= 0.5 ? whole + std::copysign(1.0, x) : whole;
}

double logarithm(double x, double base) {
    return std::log(x) / std::log(base);
}

using One = double (*)(double);
using Two = double (*)(double, double);

struct Math {
    const char *name;
    One one;  // or
    Two two;
    bool keeps_integers;
    bool only_floats;  // a field of integers is refused, as InfluxDB 1.8 does
};

constexpr std::array<Math, 18> kMath{{
    {"abs", [](double x) { return std::fabs(x); }, nullptr, true, false},
    {"acos", [](double x) { return std::acos(x); }, nullptr, false, true},
    {"asin", [](double x) { return std::asin(x); }, nullptr, false, true},
    {"atan", [](double x) { return std::atan(x); }, nullptr, false, false},
    {"atan2", nullptr, [](double y, double x) { return std::atan2(y, x); }, false, false},
    {"ceil", [](double x) { return std::ceil(x); }, nullptr, true, false},
    {"cos", [](double x) { return std::cos(x); }, nullptr, false, false},
    {"exp", [](double x) { return std::exp(x); }, nullptr, false, false},
    {"floor", [](double x) { return std::floor(x); }, nullptr, true, false},
    {"ln", [](double x) { return std::log(x); }, nullptr, false, false},
    {"log", nullptr, logarithm, false, false},
    {"log10", [](double x) { return std::log10(x); }, nullptr, false, false},
    {"log2", [](double x) { return std::log2(x); }, nullptr, false, false},
    {"pow", nullptr, [](double x, double y) { return std::pow(x, y); }, false, false},
    {"round", round_half, nullptr, true, false},
    {"sin", [](double x) { return std::sin(x); }, nullptr, false, false},
    {"sqrt", [](double x) { return std::sqrt(x); }, nullptr, false, false},
    {"tan", [](double x) { return std::tan(x); }, nullptr, false, false},
}};

bool is_number(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0;
}

const char *type_name(uint32_t type) {
    switch (type) {
        case VARVE_TYPE_INT64:
            return "integer";
        case VARVE_TYPE_UINT64:
            return "unsigned";
        case VARVE_TYPE_STRING:
            return "string";
        case VARVE_TYPE_BOOLEAN:
            return "boolean";
        default:
            return "float";
    }
}

template <size_t I>
int32_t check(const varve_argument *, uint32_t count, varve_error *error) {
    const uint32_t expected = kMath[I].two != nullptr ? 2 : 1;
    if (count == expected) return VARVE_OK;
    char text[160];
    std::snprintf(text, sizeof text, "invalid number of arguments for %s, expected %u, got %u",
                  kMath[I].name, expected, count);
    return refuse(error, text);
}

template <size_t I>
uint32_t result_type(uint32_t type) {
    if (!is_number(type)) return 0;
    return kMath[I].keeps_integers ? type : static_cast<uint32_t>(VARVE_TYPE_FLOAT64);
}

template <size_t I>
int32_t check_types(const uint32_t *types, uint32_t count, uint32_t *out, varve_error *error) {
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t type = types[i];
        const bool taken = is_number(type) && (!kMath[I].only_floats || type == VARVE_TYPE_FLOAT64);
        if (type == VARVE_TYPE_ANY || taken) continue;
        char text[160];
        std::snprintf(text, sizeof text, "invalid argument type for the %s argument in %s(): %s",
                      i == 0 ? "first" : "second", kMath[I].name, type_name(type));
        return refuse(error, text);
    }
    const bool keeps = kMath[I].keeps_integers;
    *out = keeps ? types[0] : static_cast<uint32_t>(VARVE_TYPE_FLOAT64);
    return VARVE_OK;
}

uint64_t bits_of(const varve_column &column, uint32_t row) {
    return static_cast<const uint64_t *>(column.values)[row];
}

double float_at(const varve_column &column, uint32_t row) {
    return as_double(column.type, bits_of(column, row));
}

// Of integers only abs changes anything.
uint64_t integer_result(const Math &math, const varve_column &column, uint32_t row) {
    const uint64_t bits = bits_of(column, row);
    const bool negative = column.type == VARVE_TYPE_INT64 && static_cast<int64_t>(bits) < 0;
    return negative && std::strcmp(math.name, "abs") == 0 ? 0 - bits : bits;
}

template <size_t I>
int32_t evaluate(const varve_column *columns, uint32_t column_count, uint32_t row_count,
                 void *out_values, uint64_t *out_validity, const varve_arena *, varve_error *) {
    constexpr const Math &kThis = kMath[I];
    std::memset(out_validity, 0, (row_count + 63) / 64 * sizeof(uint64_t));
    auto *out = static_cast<uint64_t *>(out_values);
    for (uint32_t i = 0; i < column_count; ++i) {
        if (!is_number(columns[i].type)) return VARVE_OK;
    }
    const bool integers = kThis.keeps_integers && columns[0].type != VARVE_TYPE_FLOAT64;
    for (uint32_t row = 0; row < row_count; ++row) {
        out[row] = 0;
        if (!is_valid(columns[0], row)) continue;
        if (integers) {
            out[row] = integer_result(kThis, columns[0], row);
        } else {
            double value;
            if constexpr (kThis.two != nullptr) {
                if (!is_valid(columns[1], row)) continue;
                value = kThis.two(float_at(columns[0], row), float_at(columns[1], row));
            } else {
                value = kThis.one(float_at(columns[0], row));
            }
            if (std::isnan(value)) continue;
            std::memcpy(out + row, &value, sizeof value);
        }
        out_validity[row >> 6] |= uint64_t{1} << (row & 63);
    }
    return VARVE_OK;
}

template <size_t I>
varve_function make() {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_SCALAR;
    function.name = kMath[I].name;
    function.accepted_types = VARVE_TYPES_NUMERIC;
    function.check = check<I>;
    function.result_type = result_type<I>;
    function.check_types = check_types<I>;
    function.evaluate = evaluate<I>;
    return function;
}

template <size_t... I>
const varve_function *table_of(std::index_sequence<I...>) {
    static const varve_function functions[] = {make<I>()...};
    return functions;
}

}  // namespace

std::vector<const varve_function *> math_functions() {
    const varve_function *functions = table_of(std::make_index_sequence<kMath.size()>());
    std::vector<const varve_function *> out;
    for (size_t i = 0; i < kMath.size(); ++i) out.push_back(functions + i);
    return out;
}

}  // namespace varve::functions
