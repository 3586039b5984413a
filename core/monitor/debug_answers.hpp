// What the debug routes have in common: texts, windows of time, the command line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/config.hpp"
#include "kernel/http/http.hpp"
#include "monitor/delayed_calls.hpp"

namespace varve::monitor {

// The longest time that a request may watch.
inline constexpr int64_t kWindowSecondsMax = 6 * 3600;

void answer_text(http::ResponseWriter &writer, unsigned status, std::string_view type,
                 std::string body);

// The parameter `seconds`; InfluxDB's texts for what is none, or too long.
Result<int64_t> window_seconds(http::Request &request, int64_t fallback);

// Calls `finish` with the writer when the window ends, the client is gone or the server stops. No
// room for another window: answers 503, and `finish` is called with an empty writer.
void answer_later(DelayedCalls &delayed, int64_t seconds, http::ResponseWriter writer,
                  const std::function<void(http::ResponseWriter)> &finish);

// The program's arguments; values of secret keys as [REDACTED].
std::vector<std::string> command_line(const Config &config);

}  // namespace varve::monitor
