// The state of functions that must see all values at the end: value and time of every row, in
// chunks in the arena, which is why such functions are charged for what they read. What was kept
// is never moved: a merge takes chunks over.
#pragma once

#include <algorithm>
#include <cstring>

#include "functions/common/column_rows.hpp"

namespace varve::functions {

// Values and then times lie behind it. Full, but for the last one of a state and those that were
// last before a merge.
struct KeptChunk {
    KeptChunk *next;
    uint32_t count;
    uint32_t capacity;

    uint64_t *values() { return reinterpret_cast<uint64_t *>(this + 1); }
    int64_t *times() { return reinterpret_cast<int64_t *>(values() + capacity); }
};

struct ChunkedState {
    uint32_t type;  // of the values; 0 = none yet
    uint32_t unused;
    double parameter;  // the function's own
    KeptChunk *first;
    KeptChunk *last;
    uint64_t count;
};

// The chunk that takes the next values; null = the arena is exhausted.
inline KeptChunk *chunk_with_room(ChunkedState &state, const varve_arena *arena) {
    constexpr uint32_t kCapacityMin = 16;
    constexpr uint32_t kCapacityMax = 4096;
    KeptChunk *const last = state.last;
    if (last != nullptr && last->count < last->capacity) return last;
    const uint32_t capacity =
        last == nullptr ? kCapacityMin : std::min(last->capacity * 2, kCapacityMax);
    auto *chunk = static_cast<KeptChunk *>(arena->allocate(
        arena->ctx, sizeof(KeptChunk) + capacity * (sizeof(uint64_t) * 2), alignof(KeptChunk)));
    if (chunk == nullptr) return nullptr;
    *chunk = KeptChunk{nullptr, 0, capacity};
    (last == nullptr ? state.first : last->next) = chunk;
    state.last = chunk;
    return chunk;
}

// Rows [begin, end), none of them null; as many as the chunk has room for. Says where it stopped.
inline uint32_t keep_dense(KeptChunk &chunk, const uint64_t *values, const int64_t *times,
                           uint32_t begin, uint32_t end) {
    const uint32_t count = std::min(end - begin, chunk.capacity - chunk.count);
    std::memcpy(chunk.values() + chunk.count, values + begin, count * sizeof *values);
    std::memcpy(chunk.times() + chunk.count, times + begin, count * sizeof *times);
    chunk.count += count;
    return begin + count;
}

inline bool keep_rows(ChunkedState &state, const varve_column &column, const int64_t *times,
                      uint32_t begin, uint32_t end, const varve_arena *arena) {
    const auto *values = static_cast<const uint64_t *>(column.values);
    while (begin < end) {
        const bool dense = column.validity == nullptr;
        if (!dense && !is_valid(column, begin)) {
            ++begin;
            continue;
        }
        KeptChunk *const chunk = chunk_with_room(state, arena);
        if (chunk == nullptr) return false;
        const uint32_t from = begin;
        begin = keep_dense(*chunk, values, times, begin, dense ? end : begin + 1);
        state.count += begin - from;
    }
    return true;
}

// update_runs and merge of all these functions; numeric columns only.
inline int32_t keep_in_chunks(void *const *states, const uint32_t *run_ends, uint32_t run_count,
                         const varve_column *column, const int64_t *times,
                         const varve_arena *arena) {
    bool enough = true;
    for_each_run<ChunkedState>(
        states, run_ends, run_count, [&](uint32_t begin, uint32_t end, ChunkedState &state) {
            enough = enough && keep_rows(state, *column, times, begin, end, arena);
            state.type = column->type;
        });
    return enough ? VARVE_OK : VARVE_RESOURCE_EXHAUSTED;
}

// Takes the other's chunks over.
inline int32_t merge_chunks(void *into, const void *from, const varve_arena *) {
    ChunkedState &state = *static_cast<ChunkedState *>(into);
    const ChunkedState &other = *static_cast<const ChunkedState *>(from);
    if (other.count == 0) return VARVE_OK;
    (state.first == nullptr ? state.first : state.last->next) = other.first;
    state.last = other.last;
    state.count += other.count;
    state.type = other.type;
    return VARVE_OK;
}

// Calls use(bits, time) for every value, in the order they came.
template <typename Use>
void for_each_kept(const ChunkedState &state, Use use) {
    for (KeptChunk *chunk = state.first; chunk != nullptr; chunk = chunk->next) {
        const uint64_t *const values = chunk->values();
        const int64_t *const times = chunk->times();
        for (uint32_t i = 0; i < chunk->count; ++i) use(values[i], times[i]);
    }
}

}  // namespace varve::functions
