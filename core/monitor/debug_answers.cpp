#include "monitor/debug_answers.hpp"

#include <charconv>
#include <cstdio>
#include <memory>

namespace varve::monitor {

void answer_text(http::ResponseWriter &writer, unsigned status, std::string_view type,
                 std::string body) {
    writer.set_status(status);
    writer.set_header("Content-Type", type);
    writer.set_header("X-Content-Type-Options", "nosniff");
    writer.send(std::move(body));
}

Result<int64_t> window_seconds(http::Request &request, int64_t fallback) {
    const std::string_view text = request.query_param("seconds").value_or("");
    if (text.empty()) return fallback;
    int64_t seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
        if (seconds <= kWindowSecondsMax) return seconds;
        return Status(Code::invalid_argument,
                      "exceeded maximum interval time: " + std::string(text) + "s > 6h");
    }
    const bool too_large = parsed.ec == std::errc::result_out_of_range;
    return Status(Code::invalid_argument,
                  "strconv.ParseInt: parsing \"" + std::string(text) +
                      (too_large ? "\": value out of range" : "\": invalid syntax"));
}

void answer_later(DelayedCalls &delayed, int64_t seconds, http::ResponseWriter writer,
                  const std::function<void(http::ResponseWriter)> &finish) {
    // std::function wants copies, a writer has none.
    const auto shared = std::make_shared<http::ResponseWriter>(std::move(writer));
    const bool added = delayed.add(
        seconds * 1'000'000'000, [shared, finish] { finish(std::move(*shared)); },
        [shared] { return !shared->is_cancelled(); });
    if (added) return;
    shared->set_header("Retry-After", "1");
    shared->send_error(503, "too many profiles at a time");
    finish({});
}

std::vector<std::string> command_line(const Config &config) {
    std::vector<std::string> arguments;
    std::FILE *file = std::fopen("/proc/self/cmdline", "re");
    if (file == nullptr) return arguments;
    std::string argument;
    for (int c = 0; (c = std::fgetc(file)) != EOF;) {
        if (c != 0) {
            argument += static_cast<char>(c);
            continue;
        }
        for (const std::string &key : config.secret_keys()) {
            const size_t at = argument.find(key + '=');
            if (at != std::string::npos) {
                argument = argument.substr(0, at + key.size() + 1) + "[REDACTED]";
            }
        }
        arguments.push_back(std::move(argument));
        argument.clear();
    }
    (void)std::fclose(file);
    return arguments;
}

}  // namespace varve::monitor
