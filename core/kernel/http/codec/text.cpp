#include "kernel/http/codec/text.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/env.hpp"
#include "kernel/http/http.hpp"

namespace varve::http {
std::string json_escaped(std::string_view text) {
    static const char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(text.size() + 8);
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
                    out += "\\u00";
                    out += kDigits[(c >> 4) & 15];
                    out += kDigits[c & 15];
                } else {
                    out += c;
                }
        }
    }
    return out;
}

std::string header_safe(std::string_view text) {
    std::string out(text);
    for (char &c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    return out;
}

bool accepts_gzip(std::string_view value) {
    bool star = false;
    while (!value.empty()) {
        const size_t end = std::min(value.find(','), value.size());
        std::string_view item = trimmed_blanks(value.substr(0, end));
        value.remove_prefix(std::min(end + 1, value.size()));
        const size_t semicolon = std::min(item.find(';'), item.size());
        const std::string_view name = trimmed_blanks(item.substr(0, semicolon));
        item.remove_prefix(semicolon);
        // q=0, q=0.0, q=0.00 and q=0.000 forbid; anything else allows.
        bool allowed = true;
        const size_t q = item.find("q=");
        if (q != std::string_view::npos) {
            allowed = item.substr(q + 2).find_first_of("123456789") != std::string_view::npos;
        }
        if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) {
            return allowed;
        }
        if (name == "*") star = allowed;
    }
    return star;
}

std::string new_uuid_v1() {
    // 100 ns intervals since 1582-10-15; a counter that only grows makes each value the only one.
    static std::atomic<uint64_t> last{0};
    static const auto kNode = [] {
        uint64_t random = 0;
        Env::posix().random(&random, sizeof random);
        return random;
    }();
    const auto now = static_cast<uint64_t>(Env::posix().now_ns() / 100) + 0x01B21DD213814000u;
    uint64_t before = last.load(std::memory_order_relaxed);
    uint64_t time = 0;
    do {
        time = now > before ? now : before + 1;
    } while (!last.compare_exchange_weak(before, time, std::memory_order_relaxed));
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-1%03x-%04x-%012llx",
                  static_cast<unsigned>(time & 0xFFFFFFFFu),
                  static_cast<unsigned>((time >> 32) & 0xFFFFu),
                  static_cast<unsigned>((time >> 48) & 0xFFFu),
                  static_cast<unsigned>(0x8000u | ((kNode >> 48) & 0x3FFFu)),
                  static_cast<unsigned long long>((kNode & 0xFFFFFFFFFFFFu) | 0x010000000000u));
    return text;
}

std::string_view http_date_now() {
    thread_local std::time_t formatted = -1;
    thread_local char text[32];
    thread_local size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != formatted) {
        // Not strftime: its names follow the locale.
        static const char *const kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char *const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        std::tm t{};
        gmtime_r(&now, &t);
        size = static_cast<size_t>(std::snprintf(
            text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[t.tm_wday % 7],
            t.tm_mday % 100, kMonths[t.tm_mon % 12], (t.tm_year + 1900) % 10000, t.tm_hour % 100,
            t.tm_min % 100, t.tm_sec % 100));
        formatted = now;
    }
    return {text, size};
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Request Entity Too Large";
        case 414:
            return "Request URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Requested Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Entity";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Status";
    }
}

}  // namespace varve::http
