// How InfluxQL computes (spec "Operators and types"):
//   - integers wrap; integer with float is float; x/0 and integer x%0 are 0; float x%0 is null
//   - null operands give null, but in a condition a null compared with a boolean reads as false
//   - in a condition every comparison of values that do not compare is false, != too
#include "query/exec/evaluate.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "query/exec/function_input.hpp"

namespace varve::query::exec {

namespace {

using plan::Op;
using plan::Scalar;

Vector constant(const Scalar &scalar, size_t rows) {
    Vector out;
    out.reset(scalar.type, rows);
    for (size_t row = 0; row < rows; ++row) {
        switch (scalar.type) {
            case Type::none:
                break;
            case Type::floating:
                out.set_number(row, scalar.number);
                break;
            case Type::integer:
                out.set(row, static_cast<uint64_t>(scalar.integer));
                break;
            case Type::unsigned_integer:
                out.set(row, scalar.unsigned_integer);
                break;
            case Type::boolean:
                out.set(row, scalar.boolean ? 1 : 0);
                break;
            case Type::string:
                out.set_text(row, scalar.text);
                break;
        }
    }
    return out;
}

bool is_comparison(Op op) {
    return op >= Op::equal && op <= Op::greater_equal;
}

template <typename T>
bool compare(Op op, const T &left, const T &right) {
    switch (op) {
        case Op::equal:
            return left == right;
        case Op::not_equal:
            return left != right;
        case Op::less:
            return left < right;
        case Op::less_equal:
            return left <= right;
        case Op::greater:
            return left > right;
        default:
            return left >= right;
    }
}

// The type both sides are brought to; none = they have nothing in common.
Type common_type(Type left, Type right) {
    if (left == right) return left;
    if (!plan::is_numeric(left) || !plan::is_numeric(right)) return Type::none;
    if (left == Type::floating || right == Type::floating) return Type::floating;
    return Type::unsigned_integer;
}

double float_result(Op op, double left, double right, bool strict) {
    switch (op) {
        case Op::add:
            return left + right;
        case Op::subtract:
            return left - right;
        case Op::multiply:
            return left * right;
        case Op::divide:
            return right == 0 && !strict ? 0 : left / right;
        default:
            return std::fmod(left, right);
    }
}

template <typename T>
T integer_result(Op op, T left, T right) {
    // Unsigned, because that is how integers wrap.
    const auto a = static_cast<uint64_t>(left);
    const auto b = static_cast<uint64_t>(right);
    switch (op) {
        case Op::add:
            return static_cast<T>(a + b);
        case Op::subtract:
            return static_cast<T>(a - b);
        case Op::multiply:
            return static_cast<T>(a * b);
        case Op::bit_and:
            return static_cast<T>(a & b);
        case Op::bit_or:
            return static_cast<T>(a | b);
        case Op::bit_xor:
            return static_cast<T>(a ^ b);
        default:
            break;
    }
    if (right == 0) return 0;
    // The lowest integer by −1 is no integer; as a product it wraps.
    if (right == static_cast<T>(-1) && std::is_signed_v<T>) {
        return op == Op::modulo ? 0 : static_cast<T>(0 - a);
    }
    return op == Op::divide ? left / right : left % right;
}

// What is no number stays so: in a condition it is unequal to everything.
Vector compute_floats(const Scalar &scalar, const Vector &left, const Vector &right, size_t rows) {
    const Op op = scalar.op;
    Vector out;
    const bool is_bitwise = op == Op::bit_and || op == Op::bit_or || op == Op::bit_xor;
    out.reset(is_bitwise ? Type::none : Type::floating, rows);
    if (is_bitwise) return out;
    for (size_t row = 0; row < rows; ++row) {
        if (!left.is_valid(row) || !right.is_valid(row)) continue;
        const uint64_t a = convert_bits(left.bits[row], left.type, Type::floating);
        const uint64_t b = convert_bits(right.bits[row], right.type, Type::floating);
        out.set_number(row, float_result(op, std::bit_cast<double>(a), std::bit_cast<double>(b),
                                         scalar.strict));
    }
    return out;
}

Vector compute_integers(const Scalar &scalar, Type type, const Vector &left, const Vector &right,
                        size_t rows) {
    const Op op = scalar.op;
    Vector out;
    out.reset(type, rows);
    for (size_t row = 0; row < rows; ++row) {
        if (!left.is_valid(row) || !right.is_valid(row)) continue;
        if (scalar.strict && op == Op::divide && right.bits[row] == 0) continue;
        if (type == Type::integer) {
            out.set(row, static_cast<uint64_t>(
                             integer_result<int64_t>(op, left.integer(row), right.integer(row))));
        } else {
            out.set(row, integer_result<uint64_t>(op, left.bits[row], right.bits[row]));
        }
    }
    return out;
}

// Beside a boolean what is absent reads as false; with what is no boolean the result is false.
Vector compute_booleans(Op op, const Vector &left, const Vector &right, size_t rows) {
    Vector out;
    out.reset(Type::boolean, rows);
    for (size_t row = 0; row < rows; ++row) {
        const bool is_present = right.is_valid(row);
        const bool is_boolean = is_present && right.type == Type::boolean;
        if (!left.is_valid(row) && !is_boolean) continue;
        if (is_present && !is_boolean) {
            out.set(row, 0);
            continue;
        }
        const uint64_t a = left.is_valid(row) ? left.bits[row] : 0;
        const uint64_t b = is_present ? right.bits[row] : 0;
        out.set(row, op == Op::bit_and ? a & b : op == Op::bit_or ? a | b : a ^ b);
    }
    return out;
}

Vector arithmetic(const Scalar &scalar, const Vector &left, const Vector &right, size_t rows) {
    const Type type = common_type(left.type, right.type);
    const Op op = scalar.op;
    if (left.type == Type::boolean && op >= Op::bit_and && op <= Op::bit_xor) {
        return compute_booleans(op, left, right, rows);
    }
    Vector nothing;
    if (!plan::is_numeric(type)) return nothing;
    const bool to_float = type == Type::floating || (op == Op::divide && !scalar.in_condition);
    return to_float ? compute_floats(scalar, left, right, rows)
                    : compute_integers(scalar, type, left, right, rows);
}

bool compare_row(Op op, Type type, const Vector &left, const Vector &right, size_t row) {
    if (type == Type::string) return compare(op, left.text[row], right.text[row]);
    const uint64_t a = convert_bits(left.bits[row], left.type, type);
    const uint64_t b = convert_bits(right.bits[row], right.type, type);
    switch (type) {
        case Type::floating:
            return compare(op, std::bit_cast<double>(a), std::bit_cast<double>(b));
        case Type::integer:
            return compare(op, static_cast<int64_t>(a), static_cast<int64_t>(b));
        default:
            return compare(op, a, b);
    }
}

Vector comparison(const Scalar &scalar, const Vector &left, const Vector &right, size_t rows) {
    const Op op = scalar.op;
    Vector out;
    out.reset(Type::boolean, rows);
    // Signed and unsigned integers compare as floats do: by value, not by bits.
    Type type = common_type(left.type, right.type);
    if (type == Type::unsigned_integer && left.type != right.type) type = Type::floating;
    const bool orders = op != Op::equal && op != Op::not_equal;
    const bool has_no_order = type == Type::boolean || (type == Type::string && !scalar.strict);
    const bool comparable = type != Type::none && !(orders && has_no_order);
    const bool booleans =
        !scalar.strict && (left.type == Type::boolean || right.type == Type::boolean);
    for (size_t row = 0; row < rows; ++row) {
        const bool has_left = left.is_valid(row);
        const bool has_right = right.is_valid(row);
        bool answer = false;
        if (has_left && has_right) {
            answer = comparable && compare_row(op, type, left, right, row);
        } else if (booleans && !orders && (has_left || has_right)) {
            const Vector &present = has_left ? left : right;
            // The absent side reads as false beside a boolean.
            answer = present.type == Type::boolean && compare<uint64_t>(op, present.bits[row], 0);
        }
        out.set(row, answer ? 1 : 0);
    }
    return out;
}

bool truth(const Vector &vector, size_t row) {
    return vector.type == Type::boolean && vector.is_valid(row) && vector.bits[row] != 0;
}

Vector logic(Op op, const Vector &left, const Vector &right, size_t rows) {
    Vector out;
    out.reset(Type::boolean, rows);
    for (size_t row = 0; row < rows; ++row) {
        const bool a = truth(left, row);
        const bool b = truth(right, row);
        out.set(row, (op == Op::logical_and ? a && b : a || b) ? 1 : 0);
    }
    return out;
}

Vector matching(const Scalar &scalar, const Vector &subject, size_t rows) {
    Vector out;
    out.reset(Type::boolean, rows);
    for (size_t row = 0; row < rows; ++row) {
        bool answer = false;
        if (subject.type == Type::string && subject.is_valid(row)) {
            const bool found = re2::RE2::PartialMatch(subject.text[row], *scalar.regex);
            answer = found == (scalar.op == Op::match);
        }
        out.set(row, answer ? 1 : 0);
    }
    return out;
}

// A function takes whole columns; what has no numbers among its arguments gives nulls.
Vector calling(const Scalar &scalar, std::span<const Vector> inputs, size_t rows) {
    Vector out;
    std::vector<Vector> args;
    args.reserve(scalar.args.size());
    for (const Scalar &arg : scalar.args) args.push_back(evaluate(arg, inputs, rows));
    for (const Vector &arg : args) {
        if (!plan::is_numeric(arg.type)) return out;
    }
    const uint32_t type = scalar.function->result_type(static_cast<uint32_t>(args[0].type));
    out.reset(static_cast<Type>(type), rows);
    if (rows == 0 || out.type == Type::none) return out;
    std::deque<ColumnCopy> copies;
    std::vector<varve_column> columns;
    columns.reserve(args.size());
    for (const Vector &arg : args) columns.push_back(copies.emplace_back(arg, rows).column());
    std::vector<uint64_t> validity((rows + 63) / 64);
    const int32_t code = scalar.function->evaluate(
        columns.data(), static_cast<uint32_t>(columns.size()), static_cast<uint32_t>(rows),
        out.bits.data(), validity.data(), nullptr, nullptr);
    if (code != VARVE_OK) return Vector();
    for (size_t row = 0; row < rows; ++row) {
        out.valid[row] = static_cast<uint8_t>(validity[row >> 6] >> (row & 63) & 1);
        const bool is_number = out.is_valid(row) || out.type != Type::floating ||
                               std::any_of(args.begin(), args.end(),
                                           [&](const Vector &arg) { return !arg.is_valid(row); });
        if (!is_number) {
            out.set_number(row, std::numeric_limits<double>::quiet_NaN());
        }
    }
    return out;
}

}  // namespace

Vector evaluate(const Scalar &scalar, std::span<const Vector> inputs, size_t rows) {
    switch (scalar.op) {
        case Op::constant:
            return constant(scalar, rows);
        case Op::input:
            return inputs[scalar.input];
        case Op::match:
        case Op::no_match:
            return matching(scalar, evaluate(scalar.args[0], inputs, rows), rows);
        case Op::call:
            return calling(scalar, inputs, rows);
        default:
            break;
    }
    const Vector left = evaluate(scalar.args[0], inputs, rows);
    const Vector right = evaluate(scalar.args[1], inputs, rows);
    if (scalar.op == Op::logical_and || scalar.op == Op::logical_or) {
        return logic(scalar.op, left, right, rows);
    }
    if (is_comparison(scalar.op)) return comparison(scalar, left, right, rows);
    return arithmetic(scalar, left, right, rows);
}

std::vector<uint8_t> evaluate_condition(const Scalar &scalar, std::span<const Vector> inputs,
                                        size_t rows) {
    const Vector truths = evaluate(scalar, inputs, rows);
    std::vector<uint8_t> out(rows);
    for (size_t row = 0; row < rows; ++row) out[row] = truth(truths, row) ? 1 : 0;
    return out;
}

}  // namespace varve::query::exec
