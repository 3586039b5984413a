// The loops over whole chunks, in a scalar version and in versions for wider machines. Every
// version yields the same bits; tests compare each with the scalar one.
//
// generic.hpp has the loops in plain C++; scalar.cpp, avx2.cpp and avx512.cpp compile them for
// their machine and replace what is faster by hand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace varve::strata {

// Where one of the parallel Huffman streams is read and written.
struct HuffmanStream {
    const uint8_t *bytes = nullptr;
    size_t size = 0;         // its own bytes; up to `readable` there may be others'
    size_t readable = 0;     // bytes that may be read from `bytes`
    uint8_t *out = nullptr;  // one byte a token
    uint8_t *out_end = nullptr;
};

struct HuffmanTable {
    const uint64_t *entries = nullptr;
    const uint8_t *lengths = nullptr;
    uint32_t index_bits = 0;
};

// What one look at a chunk finds. Differences are modulo 2^64, read as signed.
struct Scan {
    uint64_t changes = 0;  // values that differ from the one before
    uint64_t bends = 0;    // differences that differ from the one before
    int64_t min = 0;
    int64_t max = 0;
    int64_t difference_min = 0;  // 0 with one value
    int64_t difference_max = 0;
};

// An unsigned number as 2^shift times an odd one, with that one's inverse modulo 2^64: an exact
// division is a shift and a multiplication.
struct ExactDivisor {
    explicit ExactDivisor(uint64_t divisor_);

    uint64_t divisor;
    uint64_t inverse;
    uint32_t shift;
};

inline constexpr uint32_t kHuffmanStreamsMax = 4;
inline constexpr uint32_t kUnpackGroup = 8;

struct Kernels {
    const char *name;

    // ---- encoding ----
    Scan (*scan)(const uint64_t *values, uint32_t count);
    // out[i] = values[i + 1] - values[i]; count - 1 of them.
    void (*differences)(const uint64_t *values, uint32_t count, uint64_t *out);
    // values[i] -= base + i * step.
    void (*subtract_line)(const uint64_t *values, uint32_t count, uint64_t base, uint64_t step,
                          uint64_t *out);
    // Whether all (values[i] - base), as magnitudes if `is_signed`, are multiples.
    bool (*all_multiples)(const uint64_t *values, uint32_t count, uint64_t base, bool is_signed,
                          const ExactDivisor &divisor);
    // values[i] = (values[i] - base) / divisor, zigzagged if `is_signed`; returns all or-ed.
    uint64_t (*reduce)(uint64_t *values, uint32_t count, uint64_t base, bool is_signed,
                       const ExactDivisor &divisor);
    void (*tokens)(const uint64_t *values, uint32_t count, uint8_t *out);
    // `width` bits of each value, the first lowest; `out` takes packed_size(width, count) + 8.
    void (*pack)(const uint64_t *values, uint32_t count, uint32_t width, uint8_t *out);
    // Digits of doubles: out[i] / 10^exponent == values[i], bit for bit, or bad[i] = 1 and out[i] =
    // 0. Returns the number of bad ones.
    uint32_t (*from_doubles)(const double *values, uint32_t count, uint32_t exponent, uint64_t *out,
                             uint8_t *bad);

    // ---- decoding; `out` may be written up to kUnpackGroup - 1 values further ----
    // Reads packed_size(width, count) bytes and none behind them. width <= 64.
    void (*unpack)(const uint8_t *in, uint32_t width, uint32_t count, uint64_t *out);
    // values[i] = values[i] (unzigzagged) * factor + base.
    void (*expand)(uint64_t *values, uint32_t count, bool is_signed, uint64_t factor,
                   uint64_t base);
    // values[i] = start + values[0] + … + values[i].
    void (*prefix_sum)(uint64_t *values, uint32_t count, uint64_t start);
    // values[i] += base + i * step.
    void (*add_line)(uint64_t *values, uint32_t count, uint64_t base, uint64_t step);
    void (*widen)(const uint8_t *tokens, uint32_t count, uint64_t *out);
    // widen, expand with base 0 and prefix_sum in one: tokens are below 16.
    void (*small_differences)(const uint8_t *tokens, uint32_t count, bool is_signed,
                              uint64_t factor, uint64_t start, uint64_t *out);
    // The same, as doubles.
    void (*small_differences_to_doubles)(const uint8_t *tokens, uint32_t count, bool is_signed,
                                         uint64_t factor, uint64_t start, double *out);
    // How many raw bits the tokens ask for.
    uint64_t (*raw_bits)(const uint8_t *tokens, uint32_t count);
    // Numbers of tokens and their raw bits; there are as many raw bits as the tokens ask for.
    void (*add_raw_bits)(const uint8_t *tokens, uint32_t count, const uint8_t *raw, size_t size,
                         uint64_t *out);
    // Decodes stream_count streams to their ends; false if one does not end where it should.
    bool (*huffman)(const HuffmanTable &table, HuffmanStream *streams, uint32_t stream_count);
    // out[i] = values[i] / 10^exponent; both may be the same memory. exponent <= kExponentMax.
    void (*to_doubles)(const uint64_t *values, uint32_t count, uint32_t exponent, double *out);
};

inline constexpr uint32_t kExponentMax = 18;

inline size_t packed_size(uint32_t width, uint32_t count) {
    return (static_cast<size_t>(width) * count + 7) / 8;
}

// The best version for this machine, unless tests or benchmarks chose another.
const Kernels &kernels();
// Null if this machine cannot run it: "scalar", "avx2", "avx512".
const Kernels *kernels_named(const char *name);
// For tests and benchmarks only, while nothing is encoded or decoded; null = the best again.
void use_kernels(const Kernels *chosen);

}  // namespace varve::strata
