// What the functions of InfluxDB 0.8 share.
#pragma once

#include "functions/common/any_values.hpp"
#include "functions/common/arguments.hpp"
#include "functions/common/stream_arguments.hpp"
#include "functions/common/stream_rows.hpp"

namespace varve::functions::influxql08 {

inline bool is_numeric(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0;
}

inline uint32_t float_type(uint32_t) {
    return VARVE_TYPE_FLOAT64;
}
inline uint32_t integer_type(uint32_t) {
    return VARVE_TYPE_INT64;
}
inline uint32_t same_type(uint32_t type) {
    return type;
}
// distinct and mode make floats of all numbers.
inline uint32_t float_or_same_type(uint32_t type) {
    return is_numeric(type) ? static_cast<uint32_t>(VARVE_TYPE_FLOAT64) : type;
}

inline bool is_wildcard(const varve_argument &argument) {
    return argument.kind == VARVE_ARGUMENT_PATTERN;
}

// One argument, and no wildcard.
inline int32_t check_one(const char *name, const varve_argument *arguments, uint32_t count,
                         varve_error *error) {
    if (count != 1) return refuse_with(error, "function %s() requires exactly one argument", name);
    if (!is_wildcard(arguments[0])) return VARVE_OK;
    return refuse_with(error, "function %s() doesn't work with wildcards", name);
}

template <const char *const &Name>
int32_t check_only(const varve_argument *arguments, uint32_t count, varve_error *error) {
    return check_one(Name, arguments, count, error);
}

template <typename State>
varve_function make(const char *name, uint32_t kind) {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = kind;
    function.name = name;
    function.language = "influxql08";
    function.accepted_types = VARVE_TYPES_ALL;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    return function;
}

template <typename State>
void init_empty(void *state, const varve_argument *, uint32_t) {
    *static_cast<State *>(state) = State{};
}

inline void set_float(varve_value &out, double value) {
    out.type = VARVE_TYPE_FLOAT64;
    out.value.as_float = value;
}

// Calls use(value, row) for the numbers among rows [begin, end).
template <typename Use>
void for_each_number(const varve_column &column, uint32_t begin, uint32_t end, Use use) {
    switch (column.type) {
        case VARVE_TYPE_FLOAT64:
            return for_each_value<double>(column, begin, end, use);
        case VARVE_TYPE_INT64:
            return for_each_value<int64_t>(column, begin, end, [&](int64_t value, uint32_t row) {
                use(static_cast<double>(value), row);
            });
        case VARVE_TYPE_UINT64:
            return for_each_value<uint64_t>(column, begin, end, [&](uint64_t value, uint32_t row) {
                use(static_cast<double>(value), row);
            });
        default:
            return;
    }
}

inline int32_t code_of(bool enough) {
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

// A row of a multi function without values of its own. Null when the arena is exhausted.
inline varve_value *allocate_rows(const varve_arena *arena, uint64_t count) {
    auto *rows = allocate_array<varve_value>(arena, count);
    if (rows != nullptr) std::fill_n(rows, count, varve_value{});
    return rows;
}

}  // namespace varve::functions::influxql08
