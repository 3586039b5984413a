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
RankSlice slice_of_rank(const ChunkedState &state, uint64_t rank, Order order) {
    constexpr uint64_t kSlices = 4096;
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    for_each_kept(state, [&](uint64_t bits, int64_t) {
        const uint64_t ordered = order(bits);
        low = std::min(low, ordered);
        high = std::max(high, ordered);
    });
    uint32_t shift = 0;
    while ((high - low) >> shift >= kSlices) ++shift;
    std::array<uint64_t, kSlices> counts{};
    for_each_kept(
        state, [&, low, shift](uint64_t bits, int64_t) { ++counts[(order(bits) - low) >> shift]; });
    uint64_t slice = 0;
    for (; counts[slice] <= rank; ++slice) rank -= counts[slice];
    const uint64_t from = low + (slice << shift);
    return {from, from + ((uint64_t{1} << shift) - 1), counts[slice], rank};
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
    uint64_t found = 0;
    for_each_kept(state, [&, slice](uint64_t bits, int64_t time) {
        if (order(bits) - slice.low <= slice.high - slice.low) values[found++] = {bits, time};
    });
    std::nth_element(values, values + slice.rank, values + found,
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
