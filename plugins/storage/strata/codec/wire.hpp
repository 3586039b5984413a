// Numbers of variable length, as all codecs write them.
//
//   varint   7 bits a byte, lowest first, bit 7 = more follows; at most 10 bytes
//   zigzag   0, -1, 1, -2, … become 0, 1, 2, 3, …
//   number   a byte: bit 0 = 0, bits 1-5 = the lowest of zigzag(v), bit 6 = a varint of the others
//            follows; or, when v is a multiple of 1000 and small enough, a varint of
//            (zigzag(v / 10^k) << 6 | k << 1 | 1): 1451606400 s in ns takes 5 bytes instead of 9
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include <varve/cpp/status.hpp>

#include "storage/strata/files/bytes.hpp"

namespace varve::strata {

inline constexpr uint64_t kPowersOfTen[] = {1ull,
                                            10ull,
                                            100ull,
                                            1000ull,
                                            10000ull,
                                            100000ull,
                                            1000000ull,
                                            10000000ull,
                                            100000000ull,
                                            1000000000ull,
                                            10000000000ull,
                                            100000000000ull,
                                            1000000000000ull,
                                            10000000000000ull,
                                            100000000000000ull,
                                            1000000000000000ull,
                                            10000000000000000ull,
                                            100000000000000000ull,
                                            1000000000000000000ull,
                                            10000000000000000000ull};
inline constexpr uint32_t kPowersOfTenCount = 20;

inline uint64_t zigzag(uint64_t value) {
    return (value << 1) ^ (0 - (value >> 63));
}
inline uint64_t unzigzag(uint64_t value) {
    return (value >> 1) ^ (0 - (value & 1));
}
// Bits needed for the value; 0 for 0.
inline uint32_t width_of(uint64_t value) {
    return static_cast<uint32_t>(std::bit_width(value));
}

inline void put_varint(std::string &out, uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}
inline uint32_t varint_size(uint64_t value) {
    return value == 0 ? 1 : (width_of(value) + 6) / 7;
}
// Fails the reader when there is no whole varint of 64 bits.
inline uint64_t get_varint(ByteReader &in) {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        const auto byte = in.get<uint8_t>();
        if (shift == 63 && byte > 1) break;
        value |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    in.bytes(SIZE_MAX);
    return 0;
}

void put_number(std::string &out, uint64_t value);
uint64_t get_number(ByteReader &in);

// What a decoder says of bytes that make no sense; `what` names the part.
Status damaged(const char *what);

}  // namespace varve::strata
