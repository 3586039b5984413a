// Reading and writing the rows of a stream: what functions over streams share.
#pragma once

#include <cstring>

#include "functions/common/column_rows.hpp"
#include "functions/common/kept_values.hpp"

namespace varve::functions {

// Null when the arena is exhausted, which it is by a count that no memory has.
template <typename T>
T *allocate_array(const varve_arena *arena, uint64_t count) {
    constexpr uint64_t kCountMax = (uint64_t{1} << 50) / sizeof(T);
    return static_cast<T *>(
        arena->allocate(arena->ctx, std::min(count, kCountMax) * sizeof(T), alignof(T)));
}

inline void emit(varve_stream_rows &out, int64_t time, uint64_t bits) {
    out.times[out.count] = time;
    out.values[out.count++] = bits;
}

inline void emit(varve_stream_rows &out, int64_t time, double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    emit(out, time, bits);
}

// Calls use(time, bits) for every row that has a value. Booleans and strings, whose values no
// stream looks at, have the bits 0.
template <typename Use>
void for_each_row(const varve_column &column, const int64_t *times, uint32_t row_count, Use use) {
    const bool numbers = (VARVE_TYPES_NUMERIC >> column.type & 1) != 0;
    const auto *bits = static_cast<const uint64_t *>(column.values);
    for (uint32_t row = 0; row < row_count; ++row) {
        if (is_valid(column, row)) use(times[row], numbers ? bits[row] : 0);
    }
}

// Times span more than 64 bits can hold; as in InfluxDB, their distance then wraps.
inline int64_t distance_ns(int64_t from, int64_t to) {
    return static_cast<int64_t>(static_cast<uint64_t>(to) - static_cast<uint64_t>(from));
}

inline double bits_as_float(uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint64_t float_as_bits(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline uint32_t numeric_to_float(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? static_cast<uint32_t>(VARVE_TYPE_FLOAT64) : 0;
}
inline uint32_t numeric_to_same(uint32_t type) {
    return (VARVE_TYPES_NUMERIC >> type & 1) != 0 ? type : 0;
}

}  // namespace varve::functions
