// The state of functions that must see all values at the end: value and time of every row, in
// chunks in the arena, which is why such functions are charged for what they read. What was kept
// is never moved: a merge takes chunks over.
//
// Most of what is kept is much smaller than 16 bytes a row: integers of a chunk are kept as their
// distances from one number, in as many bytes as the largest needs, and times in equal steps as the
// first and the step.
#pragma once

#include <algorithm>
#include <cstring>

#include "functions/common/column_rows.hpp"

namespace varve::functions {

// Behind it lie the times, unless they go in steps, and then the values. A chunk that was packed is
// full; one of single rows takes more until it is.
struct KeptChunk {
    KeptChunk *next;
    uint32_t count;
    uint32_t capacity;
    uint32_t width;     // of a value in bytes: 8 = its bits, 1, 2, 4 = its distance from `base`
    uint32_t in_steps;  // 1 = row i has the time first_time + i * step
    uint64_t base;
    uint64_t least;  // and the greatest value, where width is less than 8
    uint64_t greatest;
    int64_t first_time;
    int64_t step;

    int64_t *times() { return reinterpret_cast<int64_t *>(this + 1); }
    const int64_t *times() const { return reinterpret_cast<const int64_t *>(this + 1); }
    void *values() { return times() + (in_steps != 0 ? 0 : capacity); }
    const void *values() const { return times() + (in_steps != 0 ? 0 : capacity); }
};

struct ChunkedState {
    uint32_t type;  // of the values; 0 = none yet
    uint32_t unused;
    double parameter;  // the function's own
    KeptChunk *first;
    KeptChunk *last;
    uint64_t count;
};

constexpr uint32_t kPackedMin = 64;    // rows that are worth a chunk of their own
constexpr uint32_t kPackedMax = 8192;  // and the most of them

// Appends an empty chunk with the layout of `shape`; null = the arena is exhausted.
inline KeptChunk *append_chunk(ChunkedState &state, const KeptChunk &shape,
                               const varve_arena *arena) {
    const uint64_t row_size = shape.width + (shape.in_steps != 0 ? 0 : sizeof(int64_t));
    auto *chunk = static_cast<KeptChunk *>(arena->allocate(
        arena->ctx, sizeof(KeptChunk) + shape.capacity * row_size, alignof(KeptChunk)));
    if (chunk == nullptr) return nullptr;
    *chunk = shape;
    chunk->next = nullptr;
    (state.last == nullptr ? state.first : state.last->next) = chunk;
    state.last = chunk;
    return chunk;
}

// Keeps a row in the last chunk or a new one. False: the arena is exhausted.
inline bool keep_row(ChunkedState &state, uint64_t bits, int64_t time, const varve_arena *arena) {
    constexpr uint64_t kCapacityMin = 16;
    constexpr uint64_t kCapacityMax = 4096;
    KeptChunk *chunk = state.last;
    if (chunk == nullptr || chunk->count == chunk->capacity) {
        KeptChunk shape{};
        shape.width = sizeof bits;
        shape.capacity =
            static_cast<uint32_t>(std::clamp(state.count / 8, kCapacityMin, kCapacityMax));
        chunk = append_chunk(state, shape, arena);
        if (chunk == nullptr) return false;
    }
    static_cast<uint64_t *>(chunk->values())[chunk->count] = bits;
    chunk->times()[chunk->count] = time;
    ++chunk->count;
    ++state.count;
    return true;
}

// Integers' width and base, from how far they lie from the first. `flip` makes the order of
// the bits that of the values.
inline void measure(const uint64_t *values, uint32_t count, uint64_t flip, KeptChunk &shape) {
    uint64_t bits = 0;  // of all distances, those below less one
    for (uint32_t i = 0; i < count; ++i) {
        const auto distance = static_cast<int64_t>(values[i] - values[0]);
        bits |= static_cast<uint64_t>(distance ^ (distance >> 63));
    }
    const uint32_t width = bits >> 7 == 0 ? 1 : bits >> 15 == 0 ? 2 : 4;
    const uint64_t half = uint64_t{1} << (8 * width - 1);
    const uint64_t first = values[0] ^ flip;
    if (bits >= half || first < half || first > UINT64_MAX - half) return;
    shape.width = width;
    shape.base = values[0] - half;
}

inline bool go_in_steps(const int64_t *times, uint32_t count) {
    const uint64_t step = static_cast<uint64_t>(times[1]) - static_cast<uint64_t>(times[0]);
    uint64_t other = 0;
    for (uint32_t i = 1; i < count; ++i) {
        other |= static_cast<uint64_t>(times[i]) - static_cast<uint64_t>(times[i - 1]) - step;
    }
    return other == 0;
}

template <typename Narrow>
void narrow(const uint64_t *values, KeptChunk &chunk) {
    auto *const out = static_cast<Narrow *>(chunk.values());
    const uint64_t base = chunk.base;
    const uint32_t count = chunk.count;  // bytes written might else be those of the chunk
    for (uint32_t i = 0; i < count; ++i) out[i] = static_cast<Narrow>(values[i] - base);
    Narrow low = out[0];
    Narrow high = out[0];
    for (uint32_t i = 1; i < count; ++i) {
        low = std::min(low, out[i]);
        high = std::max(high, out[i]);
    }
    chunk.least = base + low;
    chunk.greatest = base + high;
}

// Keeps rows, none of them null, in a chunk of their own. False: the arena is exhausted.
inline bool keep_packed(ChunkedState &state, uint32_t type, const uint64_t *values,
                        const int64_t *times, uint32_t count, const varve_arena *arena) {
    KeptChunk shape{};
    shape.count = shape.capacity = count;
    shape.width = sizeof *values;
    if (type == VARVE_TYPE_INT64) measure(values, count, uint64_t{1} << 63, shape);
    if (type == VARVE_TYPE_UINT64) measure(values, count, 0, shape);
    if (go_in_steps(times, count)) {
        shape.in_steps = 1;
        shape.first_time = times[0];
        shape.step =
            static_cast<int64_t>(static_cast<uint64_t>(times[1]) - static_cast<uint64_t>(times[0]));
    }
    KeptChunk *const chunk = append_chunk(state, shape, arena);
    if (chunk == nullptr) return false;
    if (shape.in_steps == 0) std::memcpy(chunk->times(), times, count * sizeof *times);
    switch (shape.width) {
        case 1:
            narrow<uint8_t>(values, *chunk);
            break;
        case 2:
            narrow<uint16_t>(values, *chunk);
            break;
        case 4:
            narrow<uint32_t>(values, *chunk);
            break;
        default:
            std::memcpy(chunk->values(), values, count * sizeof *values);
    }
    state.count += count;
    return true;
}

inline bool keep_rows(ChunkedState &state, const varve_column &column, const int64_t *times,
                      uint32_t begin, uint32_t end, const varve_arena *arena) {
    const auto *values = static_cast<const uint64_t *>(column.values);
    while (column.validity == nullptr && end - begin >= kPackedMin) {
        const uint32_t count = std::min(end - begin, kPackedMax);
        if (!keep_packed(state, column.type, values + begin, times + begin, count, arena)) {
            return false;
        }
        begin += count;
    }
    for (; begin < end; ++begin) {
        if (!is_valid(column, begin)) continue;
        if (!keep_row(state, values[begin], times[begin], arena)) return false;
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

template <typename Narrow>
void widen(const void *values, uint32_t from, uint32_t count, uint64_t base, uint64_t *out) {
    const auto *distances = static_cast<const Narrow *>(values) + from;
    for (uint32_t i = 0; i < count; ++i) out[i] = base + distances[i];
}

// Calls use(bits, times, count) for the chunk's rows, some at a time. The arrays live as long as
// the call.
template <typename Use>
void for_each_part(const KeptChunk &chunk, Use use) {
    constexpr uint32_t kPart = 512;
    uint64_t wide[kPart];
    int64_t steps[kPart];
    for (uint32_t from = 0; from < chunk.count; from += kPart) {
        const uint32_t count = std::min(kPart, chunk.count - from);
        const uint64_t *bits = wide;
        switch (chunk.width) {
            case 1:
                widen<uint8_t>(chunk.values(), from, count, chunk.base, wide);
                break;
            case 2:
                widen<uint16_t>(chunk.values(), from, count, chunk.base, wide);
                break;
            case 4:
                widen<uint32_t>(chunk.values(), from, count, chunk.base, wide);
                break;
            default:
                bits = static_cast<const uint64_t *>(chunk.values()) + from;
        }
        const int64_t *times = steps;
        if (chunk.in_steps == 0) {
            times = chunk.times() + from;
        } else {
            const auto first = static_cast<uint64_t>(chunk.first_time);
            const auto step = static_cast<uint64_t>(chunk.step);
            for (uint32_t i = 0; i < count; ++i) {
                steps[i] = static_cast<int64_t>(first + (from + i) * step);
            }
        }
        use(bits, times, count);
    }
}

// Calls use(bits, time) for every value, in the order they came.
template <typename Use>
void for_each_kept(const ChunkedState &state, Use use) {
    for (const KeptChunk *chunk = state.first; chunk != nullptr; chunk = chunk->next) {
        for_each_part(*chunk, [&](const uint64_t *bits, const int64_t *times, uint32_t count) {
            for (uint32_t i = 0; i < count; ++i) use(bits[i], times[i]);
        });
    }
}

}  // namespace varve::functions
