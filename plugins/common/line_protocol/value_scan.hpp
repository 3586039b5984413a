// Values as senders mostly write them. Each function returns the position behind the value, or null
// for any other form; the line reader takes those. Bytes behind the value may be read: the caller
// keeps kScanSlack of them.
#pragma once

#include <string_view>

#include <varve/batch.h>
#include <varve/cpp/bytes.hpp>

#include "common/line_protocol/number_scan.hpp"

namespace varve::line_protocol {

// Bytes that must stand behind the position where a value starts.
inline constexpr size_t kScanSlack = 128;

inline constexpr int64_t kTimeMin = -9223372036854775806;
inline constexpr int64_t kTimeMax = 9223372036854775806;

inline bool is_value_end(char c) {
    return c == ',' || c == ' ' || c == '\n';
}

inline const char *scan_int(const char *p, int64_t &out) {
    const bool negative = *p == '-';
    p += negative ? 1 : 0;
    uint64_t value = 0;
    int digits = 0;
    p = scan_digits(p, value, digits);
    if (digits == 0 || digits > 18 || *p != 'i' || !is_value_end(p[1])) return nullptr;
    out = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
    return p + 1;
}

// The digits of a float, without its point.
struct Decimal {
    uint64_t value = 0;
    int digits = 0;
    int decimals = 0;  // behind the point
};

// A number with a point, that ends within eight bytes: all of it is found in one step. Null for
// others.
inline const char *scan_short_decimal(const char *p, Decimal &out) {
    const uint64_t bytes = load_eight(p);
    const uint64_t others = mark_other_bytes(bytes);
    const uint64_t behind_point = others & (others - 1);
    if (behind_point == 0) return nullptr;
    const int point = std::countr_zero(others) / 8;
    const int end = std::countr_zero(behind_point) / 8;
    if (p[point] != '.' || end == 1) return nullptr;
    const uint64_t whole = (uint64_t{1} << (8 * point)) - 1;
    out.digits = end - 1;
    out.decimals = end - 1 - point;
    out.value = first_digits((bytes & whole) | ((bytes >> 8) & ~whole), out.digits);
    return p + end;
}

inline const char *scan_decimal(const char *p, Decimal &out) {
    p = scan_digits(p, out.value, out.digits);
    if (*p != '.') return p;
    const int whole = out.digits;
    p = scan_digits(p + 1, out.value, out.digits);
    out.decimals = out.digits - whole;
    return p;
}

// Up to 15 digits with a point anywhere: an integer below 2^53 divided by a power of ten up to
// 10^15 is rounded once, so it is exactly what strtod gives.
inline const char *scan_float(const char *p, double &out, int &decimals) {
    static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool negative = *p == '-';
    p += negative ? 1 : 0;
    Decimal decimal;
    const char *end = scan_short_decimal(p, decimal);
    if (end == nullptr) end = scan_decimal(p, decimal);
    if (decimal.digits == 0 || decimal.digits > 15 || !is_value_end(*end)) return nullptr;
    const double number = static_cast<double>(decimal.value) / kPowers[decimal.decimals];
    out = negative ? -number : number;
    decimals = decimal.decimals;
    return end;
}

// A string without escapes that ends before `limit`.
inline const char *scan_string(const char *p, const char *limit, varve_str &out) {
    if (*p != '"') return nullptr;
    const char *const text = ++p;
    while (p < limit && *p != '"' && *p != '\\') ++p;
    if (p >= limit || *p != '"' || !is_value_end(p[1])) return nullptr;
    out = str({text, static_cast<size_t>(p - text)});
    return p + 1;
}

inline const char *scan_boolean(const char *p, uint8_t &out) {
    static constexpr std::string_view kTrue[] = {"true", "t", "True", "TRUE", "T"};
    static constexpr std::string_view kFalse[] = {"false", "f", "False", "FALSE", "F"};
    for (const bool value : {true, false}) {
        for (const std::string_view word : value ? kTrue : kFalse) {
            if (std::memcmp(p, word.data(), word.size()) != 0) continue;
            if (!is_value_end(p[word.size()])) continue;
            out = value ? 1 : 0;
            return p + word.size();
        }
    }
    return nullptr;
}

// The 19 digits of a time in ns: their three parts do not wait for one another. Null for others.
inline const char *scan_nanoseconds(const char *p, uint64_t &out) {
    const uint64_t high = load_eight(p);
    const uint64_t middle = load_eight(p + 8);
    const uint64_t low = load_eight(p + 16);
    if ((mark_other_bytes(high) | mark_other_bytes(middle)) != 0) return nullptr;
    if (leading_digits(low) != 3) return nullptr;
    out = eight_digits(high) * 100'000'000'000 + eight_digits(middle) * 1000 + first_digits(low, 3);
    return p + 19;
}

// A timestamp in units of the precision → ns.
inline const char *scan_time(const char *p, int64_t precision_ns, int64_t &out) {
    const bool negative = *p == '-';
    p += negative ? 1 : 0;
    uint64_t value = 0;
    int digits = 19;
    const char *end = scan_nanoseconds(p, value);
    if (end == nullptr) {
        digits = 0;
        end = scan_digits(p, value, digits);
    }
    if (digits == 0 || digits > 19 || value > static_cast<uint64_t>(kTimeMax)) return nullptr;
    const int64_t ticks = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
    if (__builtin_mul_overflow(ticks, precision_ns, &out)) return nullptr;
    return out < kTimeMin || out > kTimeMax ? nullptr : end;
}

}  // namespace varve::line_protocol
