// A stream of integers: how ints, timestamps, digits of floats, lengths, codes and runs are kept.
//
//   stream = u8 head: bits 0-2 transform, 3-4 coder, 5 has divisor, 6 signed, 7 has base
//            the transform's numbers; [number base]; [divisor]; the coder's bytes
//
// Going in, all arithmetic modulo 2^64:
//
//   1. transform: values v (count n) become residuals y
//        constant     number v0                   no residuals, no coder
//        progression  number v0, number step      likewise: v0 + i * step
//        plain        -                           y_i = v_i
//        delta        number v0                   y_i = v_(i+1) - v_i, n - 1 of them
//        bend         number v0, number v1 - v0   differences of differences, n - 2 of them
//        line         number v0, number step      y_i = v_i - v0 - i * step
//        sparse       number v0, varint changes, stream of gaps, stream of differences: where a
//                     value differs from the one before (position less the position of the change
//                     before less 1) and by how much; the two streams are not sparse themselves
//   2. x_i = (y_i - base) / divisor, exact; if signed, zigzagged
//   3. coder: the x as
//        packed    u8 width, then width bits each
//        patched   the same with the bits above width cut off, and in front of them: varint
//        patches,
//                  per patch varint gap (as above) and varint bits cut off
//        huffman   tokens and raw bits (huffman_stream.hpp)
//
// divisor: u8 k, 0 to 19: 10^k; 20 to 83: 2^(k-20); 255: a varint follows.
//
// Example: 7, 7, 9, 8 is plain with base 7: x = 0 0 2 1, packed at width 2. Bytes 82 1c 02 60: head
// 2 | 0x80, number 7 (zigzag 14, shifted), width, 0b01'10'00'00.
#pragma once

#include <cstdint>
#include <string>

#include "storage/strata/codec/codec.hpp"
#include "storage/strata/codec/wire.hpp"

namespace varve::strata {

enum class Transform : uint8_t { constant, progression, plain, delta, bend, line, sparse };
enum class Coder : uint8_t { packed, patched, huffman };

inline constexpr uint8_t kHasDivisor = 1u << 5;
inline constexpr uint8_t kIsSigned = 1u << 6;
inline constexpr uint8_t kHasBase = 1u << 7;
inline constexpr uint32_t kDivisorsOfTwo = 20;  // 2^0 on the wire
inline constexpr uint32_t kDivisorVarint = 255;

// Residuals and how to come back from them.
struct Model {
    Transform transform = Transform::plain;
    bool is_signed = false;
    uint64_t first = 0;   // v0
    uint64_t second = 0;  // v1 - v0 or step
    uint64_t base = 0;
    double bits = 0;            // expected, of the whole chunk
    uint32_t packed_width = 0;  // at which the sample was packed best
};

void encode_int_stream(const uint64_t *values, uint32_t count, EncodeContext &context,
                       std::string &out, bool may_be_sparse = true);
// `out` has room for count + kDecodeSlack values. Takes exactly the stream's bytes.
Status decode_int_stream(ByteReader &in, uint32_t count, const Codebooks &codebooks, uint64_t *out,
                         bool may_be_sparse = true);
// The same as doubles, each divided by 10^exponent; in one loop where that is possible.
Status decode_int_stream_to_doubles(ByteReader &in, uint32_t count, const Codebooks &codebooks,
                                    uint32_t exponent, double *out);

}  // namespace varve::strata
