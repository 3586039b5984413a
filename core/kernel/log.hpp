// Structured log lines on stderr: logfmt or JSON, one line each, written whole.
//
//   ts=2026-01-02T03:04:05.678901Z lvl=info msg="listening" http=0.0.0.0:8086
//
// Thread-safe. Secrets never reach this file: callers log names and sizes, not credentials.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include <varve/host/log.h>

#include "base/status.hpp"

namespace varve {

enum class LogFormat { logfmt, json };

// A key and its value on a line.
struct LogPair {
    std::string_view key;
    std::string_view value;
};

class Log {
  public:
    // Lines go to `write` (whole lines with the newline); stderr by default.
    explicit Log(std::function<void(std::string_view)> write = nullptr);

    // "error", "warning", "info", "debug".
    static Result<uint32_t> parse_level(std::string_view text);
    // "logfmt", "json".
    static Result<LogFormat> parse_format(std::string_view text);

    void set_level(uint32_t level) { level_.store(level, std::memory_order_relaxed); }
    void set_format(LogFormat format) { format_.store(format, std::memory_order_relaxed); }
    bool enabled(uint32_t level) const { return level <= level_.load(std::memory_order_relaxed); }

    void write(uint32_t level, std::string_view message, std::span<const LogPair> pairs);
    void error(std::string_view message, std::initializer_list<LogPair> pairs = {}) {
        write(VARVE_LOG_ERROR, message, {pairs.begin(), pairs.size()});
    }
    void warning(std::string_view message, std::initializer_list<LogPair> pairs = {}) {
        write(VARVE_LOG_WARNING, message, {pairs.begin(), pairs.size()});
    }
    void info(std::string_view message, std::initializer_list<LogPair> pairs = {}) {
        write(VARVE_LOG_INFO, message, {pairs.begin(), pairs.size()});
    }
    void debug(std::string_view message, std::initializer_list<LogPair> pairs = {}) {
        write(VARVE_LOG_DEBUG, message, {pairs.begin(), pairs.size()});
    }

  private:
    std::function<void(std::string_view)> write_;
    std::atomic<uint32_t> level_{VARVE_LOG_INFO};
    std::atomic<LogFormat> format_{LogFormat::logfmt};
    std::mutex mutex_;
};

}  // namespace varve
