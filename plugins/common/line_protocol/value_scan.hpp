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

// Up to 15 digits with a point anywhere: an integer below 2^53 divided by a power of ten up to
// 10^15 is rounded once, so it is exactly what strtod gives.
inline const char *scan_float(const char *p, double &out, int &decimals) {
    static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool negative = *p == '-';
    p += negative ? 1 : 0;
    uint64_t value = 0;
    int digits = 0;
    p = scan_digits(p, value, digits);
    decimals = 0;
    if (*p == '.') {
        const int whole = digits;
        p = scan_digits(p + 1, value, digits);
        decimals = digits - whole;
    }
    if (digits == 0 || digits > 15 || !is_value_end(*p)) return nullptr;
    const double number = static_cast<double>(value) / kPowers[decimals];
    out = negative ? -number : number;
    return p;
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

// A timestamp in units of the precision → ns.
inline const char *scan_time(const char *p, int64_t precision_ns, int64_t &out) {
    const bool negative = *p == '-';
    p += negative ? 1 : 0;
    uint64_t value = 0;
    int digits = 0;
    p = scan_digits(p, value, digits);
    if (digits == 0 || digits > 19 || value > static_cast<uint64_t>(kTimeMax)) return nullptr;
    const int64_t ticks = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
    if (__builtin_mul_overflow(ticks, precision_ns, &out)) return nullptr;
    return out < kTimeMin || out > kTimeMax ? nullptr : p;
}

}  // namespace varve::line_protocol
