// For machines with AVX2, FMA and BMI2: 4 numbers in a register.
//
// There is no instruction from 64-bit integers to doubles: the low halves become the digits of
// 2^52, the high halves those of 1.5 * 2^84, and the sum of both, rounded once, is the number.
// Quotients are corrected products, as avx512.cpp explains.
#include <immintrin.h>

#include "storage/strata/codec/kernels/generic.hpp"

namespace varve::strata {

extern const Kernels kAvx2Kernels;

namespace {

constexpr uint32_t kLanes = 4;
constexpr uint32_t kGatheredWidthMax = 57;  // a value and its bit in the first byte fit 8 bytes

inline __m256i load(const uint64_t *at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at));
}
inline void store(uint64_t *at, __m256i values) {
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(at), values);
}
inline __m256i all_lanes(uint64_t value) {
    return _mm256_set1_epi64x(static_cast<long long>(value));
}

void avx2_unpack(const uint8_t *in, uint32_t width, uint32_t count, uint64_t *out) {
    if (width > kGatheredWidthMax || width == 0) return generic_unpack(in, width, count, out);
    const size_t size = packed_size(width, count);
    const __m256i mask = all_lanes((1ull << width) - 1);
    const long long w = width;
    const __m256i bits_low = _mm256_set_epi64x(3 * w, 2 * w, w, 0);
    const __m256i bits_high = _mm256_add_epi64(bits_low, all_lanes(4ull * width));
    const __m256i at_low = _mm256_srli_epi64(bits_low, 3);
    const __m256i at_high = _mm256_srli_epi64(bits_high, 3);
    const __m256i shift_low = _mm256_and_si256(bits_low, all_lanes(7));
    const __m256i shift_high = _mm256_and_si256(bits_high, all_lanes(7));
    const auto group = [&](const uint8_t *from, uint64_t *to) {
        const auto *words = reinterpret_cast<const long long *>(from);
        const __m256i low = _mm256_i64gather_epi64(words, at_low, 1);
        const __m256i high = _mm256_i64gather_epi64(words, at_high, 1);
        store(to, _mm256_and_si256(_mm256_srlv_epi64(low, shift_low), mask));
        store(to + kLanes, _mm256_and_si256(_mm256_srlv_epi64(high, shift_high), mask));
    };
    size_t at = 0;
    uint32_t i = 0;
    for (; i < count && at + kUnpackWindow <= size; i += 8, at += width) group(in + at, out + i);
    for (; i < count; i += 8, at += width) {
        uint8_t window[kUnpackWindow] = {};
        const size_t left = size - at;
        std::memcpy(window, in + at, left < kUnpackWindow ? left : kUnpackWindow);
        group(window, out + i);
    }
}

void avx2_prefix_sum(uint64_t *values, uint32_t count, uint64_t start) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i before = all_lanes(start);
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        __m256i sums = load(values + i);
        const __m256i by_one = _mm256_permute4x64_epi64(sums, 0x90);
        sums = _mm256_add_epi64(sums, _mm256_blend_epi32(by_one, zero, 0x03));
        const __m256i by_two = _mm256_permute4x64_epi64(sums, 0x40);
        sums = _mm256_add_epi64(sums, _mm256_blend_epi32(by_two, zero, 0x0f));
        store(values + i, _mm256_add_epi64(sums, before));
        before = _mm256_add_epi64(before, _mm256_permute4x64_epi64(sums, 0xff));
    }
    generic_prefix_sum(values + i, count - i,
                       static_cast<uint64_t>(_mm256_extract_epi64(before, 0)));
}

inline __m256d to_double(__m256i values) {
    const __m256i magic_low = _mm256_set1_epi64x(0x4330000000000000);   // 2^52
    const __m256i magic_high = _mm256_set1_epi64x(0x4530000080000000);  // 2^84 + 2^63
    const __m256d magic_both = _mm256_castsi256_pd(_mm256_set1_epi64x(0x4530000080100000));
    const __m256i low = _mm256_blend_epi32(magic_low, values, 0x55);
    const __m256i high = _mm256_xor_si256(_mm256_srli_epi64(values, 32), magic_high);
    const __m256d high_part = _mm256_sub_pd(_mm256_castsi256_pd(high), magic_both);
    return _mm256_add_pd(high_part, _mm256_castsi256_pd(low));
}

// Sums of small differences fit 32 bits (8192 * 15), so 8 go at once; `put` takes 4 of them and
// where they belong. The tokens that are left come after, one by one.
template <bool IsSigned, typename Put>
int32_t sum_small(const uint8_t *tokens, uint32_t whole, Put put) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i one = _mm256_set1_epi32(1);
    __m256i before = zero;
    for (uint32_t i = 0; i < whole; i += 8) {
        __m256i x =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(tokens + i)));
        if constexpr (IsSigned) {
            x = _mm256_xor_si256(_mm256_srli_epi32(x, 1),
                                 _mm256_sub_epi32(zero, _mm256_and_si256(x, one)));
        }
        x = _mm256_add_epi32(x, _mm256_slli_si256(x, 4));
        x = _mm256_add_epi32(x, _mm256_slli_si256(x, 8));
        // The sum of the lower four goes to the upper four.
        const __m256i lower = _mm256_permutevar8x32_epi32(x, _mm256_set1_epi32(3));
        x = _mm256_add_epi32(x, _mm256_blend_epi32(zero, lower, 0xf0));
        const __m256i sums = _mm256_add_epi32(x, before);
        before = _mm256_add_epi32(before, _mm256_permutevar8x32_epi32(x, _mm256_set1_epi32(7)));
        put(i, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sums)));
        put(i + kLanes, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sums, 1)));
    }
    return _mm256_cvtsi256_si32(before);
}

template <typename Put>
uint64_t sum_small(const uint8_t *tokens, uint32_t whole, bool is_signed, Put put) {
    const int32_t sum =
        is_signed ? sum_small<true>(tokens, whole, put) : sum_small<false>(tokens, whole, put);
    return static_cast<uint64_t>(static_cast<int64_t>(sum));
}

// Signed 32-bit numbers, wide, times 64 bits, modulo 2^64: the parts of the product.
inline __m256i scaled(__m256i sums, uint64_t factor, __m256i start) {
    if (factor == 1) return _mm256_add_epi64(start, sums);
    const __m256i factors = all_lanes(factor);
    const __m256i low = _mm256_mul_epu32(sums, factors);
    const __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(sums, 32), factors),
                                           _mm256_mul_epu32(sums, _mm256_srli_epi64(factors, 32)));
    const __m256i product = _mm256_add_epi64(low, _mm256_slli_epi64(cross, 32));
    return _mm256_add_epi64(start, product);
}

void avx2_small_differences(const uint8_t *tokens, uint32_t count, bool is_signed, uint64_t factor,
                            uint64_t start, uint64_t *out) {
    const uint32_t whole = count & ~7u;
    const __m256i starts = all_lanes(start);
    const uint64_t sum = sum_small(tokens, whole, is_signed, [=](uint32_t at, __m256i sums) {
        store(out + at, scaled(sums, factor, starts));
    });
    generic_small_differences(tokens + whole, count - whole, is_signed, factor,
                              start + sum * factor, out + whole);
}

void avx2_small_differences_to_doubles(const uint8_t *tokens, uint32_t count, bool is_signed,
                                       uint64_t factor, uint64_t start, double *out) {
    const uint32_t whole = count & ~7u;
    const __m256i starts = all_lanes(start);
    const uint64_t sum = sum_small(tokens, whole, is_signed, [=](uint32_t at, __m256i sums) {
        _mm256_storeu_pd(out + at, to_double(scaled(sums, factor, starts)));
    });
    generic_small_differences_to_doubles(tokens + whole, count - whole, is_signed, factor,
                                         start + sum * factor, out + whole);
}

struct Quotient {
    explicit Quotient(uint32_t exponent)
        : divisor(_mm256_set1_pd(kTens[exponent])),
          inverse(_mm256_set1_pd(1.0 / kTens[exponent])) {}
    __m256d of(__m256d digits) const {
        const __m256d near = _mm256_mul_pd(digits, inverse);
        const __m256d rest = _mm256_fnmadd_pd(near, divisor, digits);
        return _mm256_fmadd_pd(rest, inverse, near);
    }
    __m256d divisor;
    __m256d inverse;
};

void avx2_to_doubles(const uint64_t *values, uint32_t count, uint32_t exponent, double *out) {
    const Quotient quotient(exponent);
    uint32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const __m256d digits = to_double(load(values + i));
        _mm256_storeu_pd(out + i, exponent == 0 ? digits : quotient.of(digits));
    }
    generic_to_doubles(values + i, count - i, exponent, out + i);
}

}  // namespace

const Kernels kAvx2Kernels = {
    .name = "avx2",
    .scan = generic_scan,
    .differences = generic_differences,
    .subtract_line = generic_subtract_line,
    .all_multiples = generic_all_multiples,
    .reduce = generic_reduce,
    .tokens = generic_tokens,
    .pack = generic_pack,
    .from_doubles = generic_from_doubles,
    .unpack = avx2_unpack,
    .expand = generic_expand,
    .prefix_sum = avx2_prefix_sum,
    .add_line = generic_add_line,
    .widen = generic_widen,
    .small_differences = avx2_small_differences,
    .small_differences_to_doubles = avx2_small_differences_to_doubles,
    .raw_bits = generic_raw_bits,
    .add_raw_bits = generic_add_raw_bits,
    .huffman = generic_huffman,
    .to_doubles = avx2_to_doubles,
};

}  // namespace varve::strata
