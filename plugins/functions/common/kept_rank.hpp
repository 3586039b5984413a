// The value of a rank among kept values: a histogram of their range says in which slice it lies,
// and only that slice is sorted.
#pragma once

#include <array>

#include "functions/common/kept_chunks.hpp"
#include "functions/common/kept_values.hpp"

namespace varve::functions {

// Bits of a column's type as unsigned integers in the order of the values.
struct OrderOfUnsigned {
    uint64_t operator()(uint64_t bits) const { return bits; }
};
struct OrderOfIntegers {
    uint64_t operator()(uint64_t bits) const { return bits ^ (uint64_t{1} << 63); }
};
struct OrderOfFloats {
    uint64_t operator()(uint64_t bits) const {
        constexpr uint64_t kSign = uint64_t{1} << 63;
        if (bits == kSign) return kSign;  // minus zero is zero
        return (bits & kSign) != 0 ? ~bits : bits ^ kSign;
    }
};

struct RankSlice {
    uint64_t low = 0;   // ordered bits, inclusive
    uint64_t high = 0;  // inclusive
    uint64_t count = 0;
    uint64_t rank = 0;  // inside the slice
};

template <typename Order>
RankSlice range_of(const ChunkedState &state, Order order) {
    RankSlice range{UINT64_MAX, 0, state.count, 0};
    const auto take = [&](uint64_t ordered) {
        range.low = std::min(range.low, ordered);
        range.high = std::max(range.high, ordered);
    };
    for (const KeptChunk *chunk = state.first; chunk != nullptr; chunk = chunk->next) {
        if (chunk->width < sizeof(uint64_t)) {
            take(order(chunk->least));
            take(order(chunk->greatest));
            continue;
        }
        for_each_part(*chunk, [&](const uint64_t *bits, const int64_t *, uint32_t count) {
            for (uint32_t i = 0; i < count; ++i) take(order(bits[i]));
        });
    }
    return range;
}

// How often each distance occurs in a chunk of bytes.
inline std::array<uint32_t, 256> count_bytes(const KeptChunk &chunk) {
    // Neighbours are often equal; one would wait for the count of the other.
    constexpr uint32_t kLanes = 4;
    uint32_t lanes[kLanes][256] = {};
    const auto *const bytes = static_cast<const uint8_t *>(chunk.values());
    for (uint32_t i = 0; i < chunk.count; ++i) ++lanes[i % kLanes][bytes[i]];
    std::array<uint32_t, 256> counts{};
    for (const auto &lane : lanes) {
        for (uint32_t byte = 0; byte < counts.size(); ++byte) counts[byte] += lane[byte];
    }
    return counts;
}

template <typename Order>
RankSlice slice_of_rank(const ChunkedState &state, uint64_t rank, Order order) {
    constexpr uint64_t kSlices = 4096;
    const RankSlice range = range_of(state, order);
    uint32_t shift = 0;
    while ((range.high - range.low) >> shift >= kSlices) ++shift;
    std::array<uint64_t, kSlices> counts{};
    for (const KeptChunk *chunk = state.first; chunk != nullptr; chunk = chunk->next) {
        if (chunk->width == 1) {
            const std::array<uint32_t, 256> bytes = count_bytes(*chunk);
            for (uint64_t byte = 0; byte < bytes.size(); ++byte) {
                if (bytes[byte] == 0) continue;
                counts[(order(chunk->base + byte) - range.low) >> shift] += bytes[byte];
            }
            continue;
        }
        for_each_part(*chunk, [&, shift](const uint64_t *bits, const int64_t *, uint32_t count) {
            for (uint32_t i = 0; i < count; ++i) ++counts[(order(bits[i]) - range.low) >> shift];
        });
    }
    uint64_t slice = 0;
    for (; counts[slice] <= rank; ++slice) rank -= counts[slice];
    const uint64_t from = range.low + (slice << shift);
    return {from, from + ((uint64_t{1} << shift) - 1), counts[slice], rank};
}

// The values in the slice; there is room for all of them.
template <typename Order>
void pick(const ChunkedState &state, const RankSlice &slice, Order order, KeptValue *out) {
    const uint64_t width = slice.high - slice.low;
    for (const KeptChunk *chunk = state.first; chunk != nullptr; chunk = chunk->next) {
        const bool is_outside =
            chunk->width < sizeof(uint64_t) &&
            (order(chunk->least) > slice.high || order(chunk->greatest) < slice.low);
        if (is_outside) continue;
        for_each_part(*chunk, [&](const uint64_t *bits, const int64_t *times, uint32_t count) {
            for (uint32_t i = 0; i < count; ++i) {
                if (order(bits[i]) - slice.low <= width) *out++ = {bits[i], times[i]};
            }
        });
    }
}

template <typename Order>
bool find_rank_in(const ChunkedState &state, uint64_t rank, Order order, const varve_arena *arena,
                  KeptValue &out) {
    constexpr uint64_t kSmall = 4096;
    RankSlice slice{0, UINT64_MAX, state.count, rank};
    if (state.count > kSmall) slice = slice_of_rank(state, rank, order);
    auto *values = static_cast<KeptValue *>(
        arena->allocate(arena->ctx, slice.count * sizeof(KeptValue), alignof(KeptValue)));
    if (values == nullptr) return false;
    pick(state, slice, order, values);
    std::nth_element(values, values + slice.rank, values + slice.count,
                     [order](const KeptValue &a, const KeptValue &b) {
                         const uint64_t left = order(a.bits);
                         const uint64_t right = order(b.bits);
                         return left != right ? left < right : a.time < b.time;
                     });
    out = values[slice.rank];
    return true;
}

// The value of this rank, below state.count, in ascending order; of equal values the earlier comes
// first. False: the arena is exhausted.
inline bool find_rank(const ChunkedState &state, uint64_t rank, const varve_arena *arena,
                      KeptValue &out) {
    switch (state.type) {
        case VARVE_TYPE_UINT64:
            return find_rank_in(state, rank, OrderOfUnsigned(), arena, out);
        case VARVE_TYPE_INT64:
            return find_rank_in(state, rank, OrderOfIntegers(), arena, out);
        default:
            return find_rank_in(state, rank, OrderOfFloats(), arena, out);
    }
}

}  // namespace varve::functions
