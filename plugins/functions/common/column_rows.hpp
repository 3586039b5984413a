// Reading columns by runs: what aggregates and selectors share.
#pragma once

#include <cstdint>
#include <cstdio>

#include <varve/kind/function.h>
#include <varve/kind/storage.h>

namespace varve::functions {

inline bool is_valid(const varve_column &column, uint32_t row) {
    return column.validity == nullptr || (column.validity[row >> 6] >> (row & 63) & 1) != 0;
}

// Calls use(value, row) for every valid value of rows [begin, end). T is the column's C++ type.
template <typename T, typename Use>
void for_each_value(const varve_column &column, uint32_t begin, uint32_t end, Use use) {
    const T *values = static_cast<const T *>(column.values);
    if (column.validity == nullptr) {
        for (uint32_t row = begin; row < end; ++row) use(values[row], row);
        return;
    }
    for (uint32_t row = begin; row < end; ++row) {
        if (is_valid(column, row)) use(values[row], row);
    }
}

// Calls use(begin, end, state) for every run of an update_runs call.
template <typename State, typename Use>
void for_each_run(void *const *states, const uint32_t *run_ends, uint32_t run_count, Use use) {
    uint32_t begin = 0;
    for (uint32_t run = 0; run < run_count; ++run) {
        use(begin, run_ends[run], *static_cast<State *>(states[run]));
        begin = run_ends[run];
    }
}

inline int32_t refuse(varve_error *error, const char *text) {
    if (error != nullptr) {
        error->code = VARVE_INVALID_ARGUMENT;
        std::snprintf(error->text, sizeof error->text, "%s", text);
    }
    return VARVE_INVALID_ARGUMENT;
}

// One field, or several by a pattern.
inline bool is_field(const varve_argument &argument) {
    return argument.kind == VARVE_ARGUMENT_FIELD || argument.kind == VARVE_ARGUMENT_TAG ||
           argument.kind == VARVE_ARGUMENT_PATTERN;
}

}  // namespace varve::functions
