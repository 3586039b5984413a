// Values and timestamps of Graphite lines: Go's decimal float syntax.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <varve/cpp/status.hpp>

namespace varve::graphite_text {

struct Number {
    double value = 0;      // may be NaN or infinite where the text says so ("nan", "-Inf")
    uint8_t decimals = 0;  // digits behind the point, VARVE_DECIMALS_UNKNOWN with an exponent
};

// invalid_argument with Go's text: `strconv.ParseFloat: parsing "x": invalid syntax`, or `… value
// out of range`.
Result<Number> parse_number(std::string_view text);

// A timestamp: seconds since 1970 with a fraction, of which nine digits count and are exact.
struct Timestamp {
    bool is_now = false;  // -1
    int64_t time_ns = 0;
};

// 1901-12-13 … 2038-01-19, as InfluxDB allows.
inline constexpr int64_t kSecondsMin = -2'147'558'400;
inline constexpr int64_t kSecondsMax = 2'147'472'000;

// invalid_argument "timestamp out of range", or Go's text for what is no number; `path` is for that
// text.
Result<Timestamp> parse_timestamp(std::string_view text, std::string_view path);

}  // namespace varve::graphite_text
