// Values of any type as 8 bytes: strings as a pointer to a copy in the arena, booleans as 0 or 1.
#pragma once

#include <cstring>
#include <string_view>

#include "functions/common/kept_values.hpp"

namespace varve::functions {

inline std::string_view text_of(uint64_t bits) {
    const auto *text = reinterpret_cast<const varve_str *>(bits);
    return {text->data, text->size};
}

// False when the arena is exhausted.
inline bool copy_text(const varve_str &text, const varve_arena *arena, uint64_t &bits) {
    auto *copy = static_cast<char *>(
        arena->allocate(arena->ctx, sizeof(varve_str) + text.size, alignof(varve_str)));
    if (copy == nullptr) return false;
    char *const data = copy + sizeof(varve_str);
    if (text.size != 0) std::memcpy(data, text.data, text.size);
    const varve_str held{data, text.size, 0};
    std::memcpy(copy, &held, sizeof held);
    bits = reinterpret_cast<uint64_t>(copy);
    return true;
}

// The row's value; strings are not copied: use copy_text.
inline uint64_t any_bits(const varve_column &column, uint32_t row) {
    switch (column.type) {
        case VARVE_TYPE_BOOLEAN:
            return static_cast<const uint8_t *>(column.values)[row];
        case VARVE_TYPE_STRING:
            return reinterpret_cast<uint64_t>(static_cast<const varve_str *>(column.values) + row);
        default:
            return static_cast<const uint64_t *>(column.values)[row];
    }
}

inline bool less_bits(uint32_t type, uint64_t a, uint64_t b) {
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            return as_double(type, a) < as_double(type, b);
        case VARVE_TYPE_INT64:
            return static_cast<int64_t>(a) < static_cast<int64_t>(b);
        case VARVE_TYPE_STRING:
            return text_of(a) < text_of(b);
        default:
            return a < b;
    }
}

inline bool same_bits(uint32_t type, uint64_t a, uint64_t b) {
    return !less_bits(type, a, b) && !less_bits(type, b, a);
}

inline void set_any(varve_value &out, uint32_t type, uint64_t bits) {
    out.type = type;
    if (type == VARVE_TYPE_STRING) {
        out.text = *reinterpret_cast<const varve_str *>(bits);
    } else {
        out.value.as_uint = bits;
    }
}

// By value, and of equal values the earlier.
inline void sort_by_value(KeptState &state) {
    const uint32_t type = state.type;
    std::sort(state.values, state.values + state.count,
              [type](const KeptValue &a, const KeptValue &b) {
                  if (less_bits(type, a.bits, b.bits)) return true;
                  if (less_bits(type, b.bits, a.bits)) return false;
                  return a.time < b.time;
              });
}

// Adds a value; `squeeze` may make room before the array grows.
template <typename Squeeze>
bool keep_any(KeptState &state, uint32_t type, KeptValue value, const varve_arena *arena,
              Squeeze squeeze) {
    state.type = type;
    if (state.count == state.capacity) {
        if (state.count != 0) squeeze(state);
        // A squeeze that freed little would come again and again.
        const bool grows = state.count >= state.capacity / 2;
        const uint64_t more = grows ? state.capacity - state.count + 1 : 1;
        if (!reserve(state, more, arena)) return false;
    }
    state.values[state.count++] = value;
    return true;
}

}  // namespace varve::functions
