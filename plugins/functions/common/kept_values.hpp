// An array of values with their times, which grows in the arena.
#pragma once

#include <algorithm>
#include <cstring>

#include "functions/common/column_rows.hpp"

namespace varve::functions {

struct KeptValue {
    uint64_t bits;
    int64_t time;
};

struct KeptState {
    uint32_t type;  // of the values; 0 = none yet
    uint32_t unused;
    double parameter;   // the function's own
    KeptValue *values;  // outgrown arrays stay in the arena
    uint64_t count;
    uint64_t capacity;
};

inline bool reserve(KeptState &state, uint64_t more, const varve_arena *arena) {
    constexpr uint64_t kFirstCapacity = 16;
    if (state.count + more <= state.capacity) return true;
    const uint64_t capacity = std::max({state.capacity * 2, state.count + more, kFirstCapacity});
    auto *values = static_cast<KeptValue *>(
        arena->allocate(arena->ctx, capacity * sizeof(KeptValue), alignof(KeptValue)));
    if (values == nullptr) return false;
    if (state.count != 0) std::memcpy(values, state.values, state.count * sizeof(KeptValue));
    state.values = values;
    state.capacity = capacity;
    return true;
}

inline int32_t keep_merge(void *into, const void *from, const varve_arena *arena) {
    KeptState &state = *static_cast<KeptState *>(into);
    const KeptState &other = *static_cast<const KeptState *>(from);
    if (other.count == 0) return VARVE_OK;
    if (!reserve(state, other.count, arena)) return VARVE_RESOURCE_EXHAUSTED;
    std::memcpy(state.values + state.count, other.values, other.count * sizeof(KeptValue));
    state.count += other.count;
    state.type = other.type;
    return VARVE_OK;
}

inline double as_double(uint32_t type, uint64_t bits) {
    if (type == VARVE_TYPE_INT64) return static_cast<double>(static_cast<int64_t>(bits));
    if (type == VARVE_TYPE_UINT64) return static_cast<double>(bits);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace varve::functions
