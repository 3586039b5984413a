// The value of a rank among kept values: a histogram of their range says in which slice it lies,
// and only that slice is sorted.
#pragma once

#include <array>

#include "functions/common/kept_chunks.hpp"
#include "functions/common/kept_values.hpp"

namespace varve::functions {

// Unsigned integers in the order of the values.
inline uint64_t ordered_bits(uint32_t type, uint64_t bits) {
    constexpr uint64_t kSign = uint64_t{1} << 63;
    if (type == VARVE_TYPE_UINT64) return bits;
    if (type == VARVE_TYPE_INT64) return bits ^ kSign;
    if (bits == kSign) return kSign;  // minus zero is zero
    return (bits & kSign) != 0 ? ~bits : bits ^ kSign;
}

struct RankSlice {
    uint64_t low = 0;   // ordered bits, inclusive
    uint64_t high = 0;  // inclusive
    uint64_t count = 0;
    uint64_t rank = 0;  // inside the slice
};

inline RankSlice slice_of_rank(const ChunkedState &state, uint64_t rank) {
    constexpr uint64_t kSlices = 4096;
    RankSlice out{UINT64_MAX, 0, state.count, rank};
    for_each_kept(state, [&](uint64_t bits, int64_t) {
        const uint64_t ordered = ordered_bits(state.type, bits);
        out.low = std::min(out.low, ordered);
        out.high = std::max(out.high, ordered);
    });
    uint32_t shift = 0;
    while ((out.high - out.low) >> shift >= kSlices) ++shift;
    std::array<uint64_t, kSlices> counts{};
    for_each_kept(state, [&](uint64_t bits, int64_t) {
        ++counts[(ordered_bits(state.type, bits) - out.low) >> shift];
    });
    uint64_t slice = 0;
    for (; counts[slice] <= out.rank; ++slice) out.rank -= counts[slice];
    const uint64_t low = out.low + (slice << shift);
    return {low, low + ((uint64_t{1} << shift) - 1), counts[slice], out.rank};
}

// The value of this rank, below state.count, in ascending order; of equal values the earlier comes
// first. False: the arena is exhausted.
inline bool find_rank(const ChunkedState &state, uint64_t rank, const varve_arena *arena,
                      KeptValue &out) {
    constexpr uint64_t kSmall = 4096;
    RankSlice slice{0, UINT64_MAX, state.count, rank};
    if (state.count > kSmall) slice = slice_of_rank(state, rank);
    auto *values = static_cast<KeptValue *>(
        arena->allocate(arena->ctx, slice.count * sizeof(KeptValue), alignof(KeptValue)));
    if (values == nullptr) return false;
    uint64_t found = 0;
    for_each_kept(state, [&](uint64_t bits, int64_t time) {
        const uint64_t ordered = ordered_bits(state.type, bits);
        if (ordered >= slice.low && ordered <= slice.high) values[found++] = {bits, time};
    });
    std::nth_element(values, values + slice.rank, values + found,
                     [type = state.type](const KeptValue &a, const KeptValue &b) {
                         const uint64_t left = ordered_bits(type, a.bits);
                         const uint64_t right = ordered_bits(type, b.bits);
                         return left != right ? left < right : a.time < b.time;
                     });
    out = values[slice.rank];
    return true;
}

}  // namespace varve::functions
