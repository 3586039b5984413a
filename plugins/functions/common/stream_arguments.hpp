// What functions over streams check about their arguments, with the texts clients know.
#pragma once

#include <cstdio>
#include <string_view>

#include "functions/common/column_rows.hpp"

namespace varve::functions {

// How InfluxDB names the kind of an argument.
inline const char *literal_name(const varve_argument &argument) {
    const std::string_view text(argument.text.data, argument.text.size);
    switch (argument.kind) {
        case VARVE_ARGUMENT_FIELD:
        case VARVE_ARGUMENT_TAG:
            return "*influxql.VarRef";
        case VARVE_ARGUMENT_INTEGER:
            return "*influxql.IntegerLiteral";
        case VARVE_ARGUMENT_FLOAT:
            return "*influxql.NumberLiteral";
        case VARVE_ARGUMENT_STRING:
            return "*influxql.StringLiteral";
        case VARVE_ARGUMENT_DURATION:
            return "*influxql.DurationLiteral";
        case VARVE_ARGUMENT_BOOLEAN:
            return "*influxql.BooleanLiteral";
        case VARVE_ARGUMENT_PATTERN:
            return text.starts_with('/') ? "*influxql.RegexLiteral" : "*influxql.Wildcard";
        default:
            return text.ends_with(')') ? "*influxql.Call" : "*influxql.BinaryExpr";
    }
}

template <typename... Args>
int32_t refuse_with(varve_error *error, const char *format, Args... args) {
    char text[512];
    std::snprintf(text, sizeof text, format, args...);
    return refuse(error, text);
}

inline int32_t check_count_between(const char *name, uint32_t least, uint32_t most, uint32_t count,
                                   varve_error *error) {
    if (count >= least && count <= most) return VARVE_OK;
    return refuse_with(error,
                       "invalid number of arguments for %s, expected at least %u but no more than "
                       "%u, got %u",
                       name, least, most, count);
}

// f(x) or f(x, unit); the unit is a positive duration.
inline int32_t check_unit(const char *name, const varve_argument *arguments, uint32_t count,
                          const char *not_a_duration, varve_error *error) {
    const int32_t code = check_count_between(name, 1, 2, count, error);
    if (code != VARVE_OK || count == 1) return code;
    const varve_argument &unit = arguments[1];
    if (unit.kind != VARVE_ARGUMENT_DURATION) {
        if (not_a_duration != nullptr) return refuse(error, not_a_duration);
        return refuse_with(error, "second argument to %s must be a duration, got %s", name,
                           literal_name(unit));
    }
    if (unit.value.as_int > 0) return VARVE_OK;
    return refuse_with(error, "duration argument must be positive, got %.*s",
                       static_cast<int>(unit.text.size), unit.text.data);
}

inline int32_t check_count(const char *name, uint32_t expected, uint32_t count,
                           varve_error *error) {
    if (count == expected) return VARVE_OK;
    return refuse_with(error, "invalid number of arguments for %s, expected %u, got %u", name,
                       expected, count);
}

}  // namespace varve::functions
