// The state of functions that must see all values at the end: value and time of every row, in the
// arena, which is why such functions are charged for what they read.
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

// update_runs and merge of all these functions; numeric columns only.
inline int32_t keep_runs(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                         const varve_column *column, const int64_t *times,
                         const varve_arena *arena) {
    bool enough = true;
    for_each_run<KeptState>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, KeptState &state) {
            enough = enough && reserve(state, end - begin, arena);
            if (!enough) return;
            for_each_value<uint64_t>(*column, begin, end, [&](uint64_t bits, uint32_t row) {
                state.values[state.count++] = KeptValue{bits, times[row]};
            });
            state.type = column->type;
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
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

// By value, and of equal values the earlier.
template <typename T>
bool less_value(const KeptValue &a, const KeptValue &b) {
    T left;
    T right;
    std::memcpy(&left, &a.bits, sizeof left);
    std::memcpy(&right, &b.bits, sizeof right);
    return left != right ? left < right : a.time < b.time;
}

// Puts the value of this rank in its place, smaller ones before it.
inline KeptValue *select_rank(KeptState &state, uint64_t rank) {
    KeptValue *const chosen = state.values + rank;
    KeptValue *const end = state.values + state.count;
    switch (state.type) {
        case VARVE_TYPE_FLOAT64:
            std::nth_element(state.values, chosen, end, less_value<double>);
            break;
        case VARVE_TYPE_INT64:
            std::nth_element(state.values, chosen, end, less_value<int64_t>);
            break;
        default:
            std::nth_element(state.values, chosen, end, less_value<uint64_t>);
            break;
    }
    return chosen;
}

inline double as_double(uint32_t type, uint64_t bits) {
    if (type == VARVE_TYPE_INT64) return static_cast<double>(static_cast<int64_t>(bits));
    if (type == VARVE_TYPE_UINT64) return static_cast<double>(bits);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace varve::functions
