// For machines with AVX-512 (F, BW, CD, DQ, VL, VBMI): 8 numbers in a register.
//
// Quotients: a / b is a * y with y = 1 / b, corrected once by the remainder, which a fused
// multiplication yields exactly. That is the correctly rounded quotient (Markstein), without the
// 16 cycles of a division; digits and powers of ten are far from overflow and underflow.
#include <immintrin.h>

#include "storage/strata/codec/kernels/generic.hpp"

namespace varve::strata {

extern const Kernels kAvx512Kernels;

namespace {

constexpr uint32_t kLanes = 8;
constexpr uint32_t kPermutedWidthMax = 57;  // a value and its bit in the first byte fit 8 bytes

inline __m512i load(const uint64_t *at) {
    return _mm512_loadu_si512(at);
}
inline void store(uint64_t *at, __m512i values) {
    _mm512_storeu_si512(at, values);
}
inline __m512i all_lanes(uint64_t value) {
    return _mm512_set1_epi64(static_cast<long long>(value));
}

// min and max are taken over values[2 …] in lanes; the start and the end go one by one.
Scan avx512_scan(const uint64_t *values, uint32_t count) {
    if (count < kLanes + 2) return generic_scan(values, count);
    Scan scan = generic_scan(values, 2);
    const uint64_t first = values[1] - values[0];
    __m512i min = all_lanes(static_cast<uint64_t>(scan.min));
    __m512i max = all_lanes(static_cast<uint64_t>(scan.max));
    __m512i difference_min = all_lanes(first);
    __m512i difference_max = difference_min;
    // The last round is moved back to end with the chunk; it counts only what is new.
    for (uint32_t i = 2; i < count; i += kLanes) {
        const uint32_t at = i + kLanes <= count ? i : count - kLanes;
        const auto fresh = static_cast<__mmask8>(0xffu << (i - at));
        const __m512i now = load(values + at);
        const __m512i before = load(values + at - 1);
        const __m512i difference = _mm512_sub_epi64(now, before);
        const __m512i earlier = _mm512_sub_epi64(before, load(values + at - 2));
        min = _mm512_min_epi64(min, now);
        max = _mm512_max_epi64(max, now);
        difference_min = _mm512_min_epi64(difference_min, difference);
        difference_max = _mm512_max_epi64(difference_max, difference);
        scan.changes += static_cast<uint64_t>(
            __builtin_popcount(_mm512_mask_test_epi64_mask(fresh, difference, difference)));
        scan.bends += static_cast<uint64_t>(
            __builtin_popcount(_mm512_mask_cmpneq_epi64_mask(fresh, difference, earlier)));
    }
    scan.min = _mm512_reduce_min_epi64(min);
    scan.max = _mm512_reduce_max_epi64(max);
    scan.difference_min = _mm512_reduce_min_epi64(difference_min);
    scan.difference_max = _mm512_reduce_max_epi64(difference_max);
    return scan;
}

bool avx512_all_multiples(const uint64_t *values, uint32_t count, uint64_t base, bool is_signed,
                          const ExactDivisor &divisor) {
    const __m512i bases = all_lanes(base);
    const __m512i below = all_lanes((1ull << divisor.shift) - 1);
    const __m512i inverse = all_lanes(divisor.inverse);
    const __m512i quotient_max = all_lanes(UINT64_MAX / divisor.divisor);
    const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(divisor.shift));
    __mmask8 wrong = 0;
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        __m512i size = _mm512_sub_epi64(load(values + i), bases);
        if (is_signed) size = _mm512_abs_epi64(size);
        const __m512i quotient = _mm512_mullo_epi64(_mm512_srl_epi64(size, shift), inverse);
        wrong |= _mm512_test_epi64_mask(size, below);
        wrong |= _mm512_cmpgt_epu64_mask(quotient, quotient_max);
    }
    return wrong == 0 && generic_all_multiples(values + i, count - i, base, is_signed, divisor);
}

struct alignas(64) ByteIndexes {
    uint8_t of[kPermutedWidthMax + 1][64];
};
constexpr ByteIndexes make_byte_indexes() {
    ByteIndexes indexes{};
    for (uint32_t width = 0; width <= kPermutedWidthMax; ++width) {
        for (uint32_t i = 0; i < 64; ++i) {
            indexes.of[width][i] = static_cast<uint8_t>(i / 8 * width / 8 + i % 8);
        }
    }
    return indexes;
}
constexpr ByteIndexes kByteIndexes = make_byte_indexes();

// One permutation brings the 8 bytes around each value of a group into its lane.
void avx512_unpack(const uint8_t *in, uint32_t width, uint32_t count, uint64_t *out) {
    if (width > kPermutedWidthMax || width == 0) return generic_unpack(in, width, count, out);
    const size_t size = packed_size(width, count);
    const __m512i indexes = _mm512_load_si512(kByteIndexes.of[width]);
    const __m512i bit =
        _mm512_mullo_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), all_lanes(width));
    const __m512i shifts = _mm512_and_si512(bit, all_lanes(7));
    const __m512i mask = all_lanes((1ull << width) - 1);
    const auto group = [&](__m512i bytes) {
        const __m512i lanes = _mm512_permutexvar_epi8(indexes, bytes);
        return _mm512_and_si512(_mm512_srlv_epi64(lanes, shifts), mask);
    };
    size_t at = 0;
    uint32_t i = 0;
    for (; i < count && at + 64 <= size; i += kLanes, at += width) {
        store(out + i, group(_mm512_loadu_si512(in + at)));
    }
    for (; i < count; i += kLanes, at += width) {
        const size_t left = size - at;
        const __mmask64 present = left >= 64 ? ~0ull : (1ull << left) - 1;
        store(out + i, group(_mm512_maskz_loadu_epi8(present, in + at)));
    }
}

inline __m512i prefix_in_lanes(__m512i values) {
    const __m512i zero = _mm512_setzero_si512();
    values = _mm512_add_epi64(values, _mm512_alignr_epi64(values, zero, 7));
    values = _mm512_add_epi64(values, _mm512_alignr_epi64(values, zero, 6));
    return _mm512_add_epi64(values, _mm512_alignr_epi64(values, zero, 4));
}

void avx512_prefix_sum(uint64_t *values, uint32_t count, uint64_t start) {
    const __m512i last_lane = all_lanes(7);
    __m512i before = all_lanes(start);
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const __m512i sums = prefix_in_lanes(load(values + i));
        const __m512i whole = _mm512_add_epi64(sums, before);
        store(values + i, whole);
        before = _mm512_add_epi64(before, _mm512_permutexvar_epi64(last_lane, sums));
    }
    generic_prefix_sum(values + i, count - i,
                       static_cast<uint64_t>(_mm_cvtsi128_si64(_mm512_castsi512_si128(before))));
}

// Sums of small differences fit 32 bits (8192 * 15), so 16 go at once; `put` takes 8 of them and
// where they belong.
template <bool IsSigned, typename Put>
void sum_small(const uint8_t *tokens, uint32_t count, Put put) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i last_lane = _mm512_set1_epi32(15);
    __m512i before = zero;
    for (uint32_t i = 0; i < count; i += 16) {
        const uint32_t left = count - i;
        const auto present = static_cast<__mmask16>(left >= 16 ? 0xffff : (1u << left) - 1);
        __m512i x = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(present, tokens + i));
        if constexpr (IsSigned) {
            x = _mm512_xor_si512(_mm512_srli_epi32(x, 1),
                                 _mm512_sub_epi32(zero, _mm512_and_si512(x, one)));
        }
        x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 15));
        x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 14));
        x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 12));
        x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 8));
        const __m512i sums = _mm512_add_epi32(x, before);
        before = _mm512_add_epi32(before, _mm512_permutexvar_epi32(last_lane, x));
        put(i, static_cast<__mmask8>(present), _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sums)));
        put(i + kLanes, static_cast<__mmask8>(present >> 8),
            _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sums, 1)));
    }
}

template <typename Put>
void sum_small(const uint8_t *tokens, uint32_t count, bool is_signed, Put put) {
    if (is_signed) {
        sum_small<true>(tokens, count, put);
    } else {
        sum_small<false>(tokens, count, put);
    }
}

inline __m512i scaled(__m512i sums, uint64_t factor, __m512i lanes, __m512i start) {
    return _mm512_add_epi64(start, factor == 1 ? sums : _mm512_mullo_epi64(sums, lanes));
}

void avx512_small_differences(const uint8_t *tokens, uint32_t count, bool is_signed,
                              uint64_t factor, uint64_t start, uint64_t *out) {
    const __m512i factors = all_lanes(factor);
    const __m512i starts = all_lanes(start);
    sum_small(tokens, count, is_signed, [=](uint32_t at, __mmask8 present, __m512i sums) {
        _mm512_mask_storeu_epi64(out + at, present, scaled(sums, factor, factors, starts));
    });
}

void avx512_small_differences_to_doubles(const uint8_t *tokens, uint32_t count, bool is_signed,
                                         uint64_t factor, uint64_t start, double *out) {
    const __m512i factors = all_lanes(factor);
    const __m512i starts = all_lanes(start);
    sum_small(tokens, count, is_signed, [=](uint32_t at, __mmask8 present, __m512i sums) {
        const __m512i values = scaled(sums, factor, factors, starts);
        _mm512_mask_storeu_pd(out + at, present, _mm512_cvtepi64_pd(values));
    });
}

// Widths of 8 tokens are summed up, their words gathered from where the sums say. What is near the
// end of the bits, or wider than a gathered word has room for, goes one by one.
void avx512_add_raw_bits(const uint8_t *tokens, uint32_t count, const uint8_t *raw, size_t size,
                         uint64_t *out) {
    const __m512i one = all_lanes(1);
    const __m512i direct = all_lanes(kDirectTokens);
    size_t bit = 0;
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        if ((bit + kLanes * kPermutedWidthMax) / 8 + 8 > size) break;
        const __m512i token =
            _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(tokens + i)));
        const __mmask8 coarse = _mm512_cmpge_epu64_mask(token, direct);
        const __m512i width =
            _mm512_maskz_sub_epi64(coarse, _mm512_srli_epi64(token, 1), all_lanes(5));
        if (_mm512_cmpgt_epu64_mask(width, all_lanes(kPermutedWidthMax)) != 0) break;
        const __m512i sums = prefix_in_lanes(width);
        const __m512i at = _mm512_add_epi64(_mm512_sub_epi64(sums, width), all_lanes(bit));
        const __m512i words = _mm512_i64gather_epi64(_mm512_srli_epi64(at, 3), raw, 1);
        const __m512i mask = _mm512_sub_epi64(_mm512_sllv_epi64(one, width), one);
        const __m512i bits =
            _mm512_and_si512(_mm512_srlv_epi64(words, _mm512_and_si512(at, all_lanes(7))), mask);
        const __m512i leading = _mm512_or_si512(_mm512_and_si512(token, one), all_lanes(2));
        const __m512i base = _mm512_mask_sllv_epi64(token, coarse, leading, width);
        store(out + i, _mm512_add_epi64(base, bits));
        bit += static_cast<size_t>(_mm_extract_epi64(_mm512_extracti64x2_epi64(sums, 3), 1));
    }
    add_raw_bits_from(bit, tokens + i, count - i, raw, size, out + i);
}

// Exact division by a power of ten, see above.
struct Quotient {
    explicit Quotient(uint32_t exponent)
        : divisor(_mm512_set1_pd(kTens[exponent])),
          inverse(_mm512_set1_pd(1.0 / kTens[exponent])) {}
    __m512d of(__m512d digits) const {
        const __m512d near = _mm512_mul_pd(digits, inverse);
        const __m512d rest = _mm512_fnmadd_pd(near, divisor, digits);
        return _mm512_fmadd_pd(rest, inverse, near);
    }
    __m512d divisor;
    __m512d inverse;
};

void avx512_to_doubles(const uint64_t *values, uint32_t count, uint32_t exponent, double *out) {
    const Quotient quotient(exponent);
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const __m512d digits = _mm512_cvtepi64_pd(load(values + i));
        _mm512_storeu_pd(out + i, exponent == 0 ? digits : quotient.of(digits));
    }
    generic_to_doubles(values + i, count - i, exponent, out + i);
}

uint32_t avx512_from_doubles(const double *values, uint32_t count, uint32_t exponent, uint64_t *out,
                             uint8_t *bad) {
    if (exponent == 0) return generic_from_doubles(values, count, exponent, out, bad);
    const Quotient quotient(exponent);
    const __m512d scale = _mm512_set1_pd(kTens[exponent]);
    const __m512d magic = _mm512_set1_pd(kRoundingMagic);
    const __m512d limit = _mm512_set1_pd(kDigitsMax);
    uint32_t bad_count = 0;
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const __m512d value = _mm512_loadu_pd(values + i);
        const __m512d scaled_value = _mm512_mul_pd(value, scale);
        const __m512d shifted = _mm512_add_pd(scaled_value, magic);
        const __m512d back = quotient.of(_mm512_sub_pd(shifted, magic));
        const __mmask8 inside = _mm512_cmp_pd_mask(_mm512_abs_pd(scaled_value), limit, _CMP_LT_OQ);
        const __mmask8 good = _mm512_mask_cmpeq_epi64_mask(inside, _mm512_castpd_si512(back),
                                                           _mm512_castpd_si512(value));
        store(out + i, _mm512_maskz_sub_epi64(good, _mm512_castpd_si512(shifted),
                                              _mm512_castpd_si512(magic)));
        const __m128i flags = _mm_maskz_set1_epi8(static_cast<__mmask16>(0xff & ~good), 1);
        _mm_storel_epi64(reinterpret_cast<__m128i *>(bad + i), flags);
        bad_count += kLanes - static_cast<uint32_t>(__builtin_popcount(good));
    }
    return bad_count + generic_from_doubles(values + i, count - i, exponent, out + i, bad + i);
}

}  // namespace

const Kernels kAvx512Kernels = {
    .name = "avx512",
    .scan = avx512_scan,
    .differences = generic_differences,
    .subtract_line = generic_subtract_line,
    .all_multiples = avx512_all_multiples,
    .reduce = generic_reduce,
    .tokens = generic_tokens,
    .pack = generic_pack,
    .from_doubles = avx512_from_doubles,
    .unpack = avx512_unpack,
    .expand = generic_expand,
    .prefix_sum = avx512_prefix_sum,
    .add_line = generic_add_line,
    .widen = generic_widen,
    .small_differences = avx512_small_differences,
    .small_differences_to_doubles = avx512_small_differences_to_doubles,
    .raw_bits = generic_raw_bits,
    .add_raw_bits = avx512_add_raw_bits,
    .huffman = generic_huffman,
    .to_doubles = avx512_to_doubles,
};

}  // namespace varve::strata
