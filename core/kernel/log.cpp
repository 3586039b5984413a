#include "kernel/log.hpp"

#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace varve {
namespace {

const char *level_name(uint32_t level) {
    switch (level) {
        case VARVE_LOG_ERROR:
            return "error";
        case VARVE_LOG_WARNING:
            return "warning";
        case VARVE_LOG_INFO:
            return "info";
        default:
            return "debug";
    }
}

std::string timestamp() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    char text[64];
    const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + length, sizeof text - length, ".%06ldZ", now.tv_nsec / 1000);
    return text;
}

// As a JSON string, quotes included; bytes outside ASCII are passed on as they are.
void append_quoted(std::string &line, std::string_view text) {
    line += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if (byte < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            line += escaped;
        } else {
            line += c;
        }
    }
    line += '"';
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) return true;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\') return true;
    }
    return false;
}

void append_pair(std::string &line, LogFormat format, std::string_view key,
                 std::string_view value) {
    if (format == LogFormat::json) {
        line += line.empty() ? '{' : ',';
        append_quoted(line, key);
        line += ':';
        append_quoted(line, value);
        return;
    }
    if (!line.empty()) line += ' ';
    line += key;
    line += '=';
    if (needs_quotes(value)) {
        append_quoted(line, value);
    } else {
        line += value;
    }
}

void write_stderr(std::string_view line) {
    while (!line.empty()) {
        const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
        if (n <= 0) return;
        line.remove_prefix(static_cast<size_t>(n));
    }
}

}  // namespace

Log::Log(std::function<void(std::string_view)> write)
    : write_(write ? std::move(write) : write_stderr) {}

Result<uint32_t> Log::parse_level(std::string_view text) {
    if (text == "error") return uint32_t{VARVE_LOG_ERROR};
    if (text == "warning" || text == "warn") return uint32_t{VARVE_LOG_WARNING};
    if (text == "info") return uint32_t{VARVE_LOG_INFO};
    if (text == "debug") return uint32_t{VARVE_LOG_DEBUG};
    return Status(Code::invalid_argument,
                  "log level \"" + std::string(text) + "\" is none of error, warning, info, debug");
}

Result<LogFormat> Log::parse_format(std::string_view text) {
    if (text == "logfmt") return LogFormat::logfmt;
    if (text == "json") return LogFormat::json;
    return Status(Code::invalid_argument,
                  "log format \"" + std::string(text) + "\" is none of logfmt, json");
}

void Log::write(uint32_t level, std::string_view message, std::span<const LogPair> pairs) {
    if (!enabled(level)) return;
    const LogFormat format = format_.load(std::memory_order_relaxed);
    std::string line;
    append_pair(line, format, "ts", timestamp());
    append_pair(line, format, "lvl", level_name(level));
    append_pair(line, format, "msg", message);
    for (const LogPair &pair : pairs) append_pair(line, format, pair.key, pair.value);
    line += format == LogFormat::json ? "}\n" : "\n";
    const std::scoped_lock lock(mutex_);
    write_(line);
}

}  // namespace varve
