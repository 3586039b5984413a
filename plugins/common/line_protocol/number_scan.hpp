// Numbers as senders mostly write them, eight digits at a time. Each function stops where the form
// it knows ends and says "not mine" (null) for anything else; the line reader takes those.
#pragma once

#include "common/line_protocol/byte_match.hpp"

namespace varve::line_protocol {

inline bool is_decimal_digit(char c) {
    return static_cast<unsigned char>(c - '0') < 10;
}

// The high bit of every byte that is no digit.
inline uint64_t mark_other_bytes(uint64_t bytes) {
    const uint64_t values = bytes ^ 0x3030303030303030ULL;
    const uint64_t above = (values & 0x7F7F7F7F7F7F7F7FULL) + 0x7676767676767676ULL;
    return (above | values) & 0x8080808080808080ULL;
}

// How many of the eight bytes, from the first, are digits.
inline int leading_digits(uint64_t bytes) {
    const uint64_t others = mark_other_bytes(bytes);
    return others == 0 ? 8 : std::countr_zero(others) / 8;
}

// The value of eight digits, the first in the lowest byte (D. Lemire's SWAR method).
inline uint64_t eight_digits(uint64_t bytes) {
    bytes -= 0x3030303030303030ULL;
    bytes = bytes * 10 + (bytes >> 8);
    return (((bytes & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
            (((bytes >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
           32;
}

// The value of the first `digits` bytes, 1 to 8 of them: shifted to the high end, behind zeros.
inline uint64_t first_digits(uint64_t bytes, int digits) {
    if (digits == 8) return eight_digits(bytes);
    return eight_digits((bytes << (64 - 8 * digits)) | (0x3030303030303030ULL >> (8 * digits)));
}

// Adds the digits at `p` to `value`, of which `count` are behind; returns the position behind them.
// The eight bytes at any position up to `end` may be read (the caller keeps that slack).
inline const char *scan_digits(const char *p, uint64_t &value, int &count) {
    static constexpr uint64_t kPowers[9] = {1,      10,      100,      1000,     10000,
                                            100000, 1000000, 10000000, 100000000};
    for (;;) {
        const uint64_t bytes = load_eight(p);
        const int digits = leading_digits(bytes);
        if (digits == 0) return p;
        value = value * kPowers[digits] + first_digits(bytes, digits);
        count += digits;
        if (digits < 8 || count > 19) return p + digits;
        p += 8;
    }
}

}  // namespace varve::line_protocol
