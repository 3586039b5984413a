// The checks that most functions make on their arguments, with the texts clients know.
#pragma once

#include <cstdio>

#include "functions/common/column_rows.hpp"

namespace varve::functions {

// Exactly `expected` arguments, the first a field.
inline int32_t check_field_first(const char *name, uint32_t expected,
                                 const varve_argument *arguments, uint32_t count,
                                 varve_error *error) {
    char text[160];
    if (count != expected) {
        std::snprintf(text, sizeof text, "invalid number of arguments for %s, expected %u, got %u",
                      name, expected, count);
        return refuse(error, text);
    }
    if (!is_field(arguments[0])) {
        std::snprintf(text, sizeof text, "expected field argument in %s()", name);
        return refuse(error, text);
    }
    return VARVE_OK;
}

inline bool is_number(const varve_argument &argument) {
    return argument.kind == VARVE_ARGUMENT_FLOAT || argument.kind == VARVE_ARGUMENT_INTEGER;
}

// Of an argument that is a number.
inline double number_of(const varve_argument &argument) {
    return argument.kind == VARVE_ARGUMENT_FLOAT ? argument.value.as_float
                                                 : static_cast<double>(argument.value.as_int);
}

}  // namespace varve::functions
