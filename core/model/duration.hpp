// Durations as text: Go's form, as clients see it, and InfluxQL's literals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve {

// Go's time.Duration text: "0s", "1.5s", "168h0m0s", "100ms", "2µs".
std::string format_go_duration(int64_t duration_ns);

// InfluxQL's shortest literal: the largest unit that divides it ("1w", "36h", "1500ms", "0s").
std::string format_influx_duration(int64_t duration_ns);

// One or more <digits><unit> glued together, units ns u µ ms s m h d w; an optional minus in front.
// invalid_argument "invalid duration" or "overflowed duration …: choose a smaller duration or INF".
Result<int64_t> parse_influx_duration(std::string_view text);

}  // namespace varve
