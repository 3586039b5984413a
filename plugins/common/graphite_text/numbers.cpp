#include "common/graphite_text/numbers.hpp"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <varve/batch.h>

#include "common/graphite_text/template.hpp"

namespace varve::graphite_text {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// A decimal number's pieces, as written.
struct Pieces {
    bool is_negative = false;
    std::string_view whole;
    std::string_view fraction;
    bool has_exponent = false;
};

std::string_view take_digits(std::string_view &text) {
    size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

// [+-] digits [. digits] [e [+-] digits], at least one digit before the exponent; false otherwise.
bool split_number(std::string_view text, Pieces &out) {
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
        out.is_negative = text[0] == '-';
        text.remove_prefix(1);
    }
    out.whole = take_digits(text);
    if (!text.empty() && text[0] == '.') {
        text.remove_prefix(1);
        out.fraction = take_digits(text);
    }
    if (out.whole.empty() && out.fraction.empty()) return false;
    if (text.empty()) return true;
    if (text[0] != 'e' && text[0] != 'E') return false;
    out.has_exponent = true;
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    return !take_digits(text).empty() && text.empty();
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// "nan", "inf", "+Infinity", …; false if it is none of them.
bool parse_special(std::string_view text, double &out) {
    if (equals_ignoring_case(text, "nan")) {
        out = std::numeric_limits<double>::quiet_NaN();
        return true;
    }
    const bool is_negative = text.starts_with('-');
    if (is_negative || text.starts_with('+')) text.remove_prefix(1);
    if (!equals_ignoring_case(text, "inf") && !equals_ignoring_case(text, "infinity")) return false;
    const double infinity = std::numeric_limits<double>::infinity();
    out = is_negative ? -infinity : infinity;
    return true;
}

Status bad_number(std::string_view text, const char *why) {
    return {Code::invalid_argument, "strconv.ParseFloat: parsing " + quoted(text) + ": " + why};
}

// The number as double; the text has the form of split_number.
Result<double> to_double(std::string_view text) {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    double value = 0;
    fast_float::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (std::isinf(value)) return bad_number(text, "value out of range");
    return value;
}

}  // namespace

Result<Number> parse_number(std::string_view text) {
    Number out;
    Pieces pieces;
    if (!split_number(text, pieces)) {
        if (!parse_special(text, out.value)) return bad_number(text, "invalid syntax");
        return out;
    }
    const Result<double> value = to_double(text);
    if (!value.ok()) return value.status();
    out.value = *value;
    out.decimals = pieces.has_exponent ? VARVE_DECIMALS_UNKNOWN
                                       : static_cast<uint8_t>(std::min<size_t>(
                                             pieces.fraction.size(), VARVE_DECIMALS_UNKNOWN));
    return out;
}

Result<Timestamp> parse_timestamp(std::string_view text, std::string_view path) {
    constexpr int64_t kSecond_ns = 1'000'000'000;
    const Status out_of_range(Code::invalid_argument, "timestamp out of range");
    Pieces pieces;
    double value = 0;
    if (!split_number(text, pieces)) {
        if (parse_special(text, value)) return out_of_range;
        return bad_number(text, "invalid syntax")
            .with_context("field \"" + std::string(path) + "\" time");
    }
    const Result<double> parsed = to_double(text);
    if (!parsed.ok()) return out_of_range;
    value = *parsed;
    if (value == -1) return Timestamp{true, 0};
    if (value < static_cast<double>(kSecondsMin) - 1 ||
        value > static_cast<double>(kSecondsMax) + 1) {
        return out_of_range;
    }
    Timestamp out;
    if (pieces.has_exponent) {
        out.time_ns = std::llround(value * 1e9);
    } else {
        // Digit by digit: a double has no nanoseconds left at this size.
        int64_t seconds = 0;
        for (const char c : pieces.whole) seconds = seconds * 10 + (c - '0');
        int64_t fraction_ns = 0;
        for (size_t i = 0; i < 9; ++i) {
            fraction_ns =
                fraction_ns * 10 + (i < pieces.fraction.size() ? pieces.fraction[i] - '0' : 0);
        }
        out.time_ns = seconds * kSecond_ns + fraction_ns;
        if (pieces.is_negative) out.time_ns = -out.time_ns;
    }
    if (out.time_ns < kSecondsMin * kSecond_ns || out.time_ns > kSecondsMax * kSecond_ns) {
        return out_of_range;
    }
    return out;
}

}  // namespace varve::graphite_text
