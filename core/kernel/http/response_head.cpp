#include "kernel/http/response_head.hpp"

#include <algorithm>
#include <charconv>

#include "kernel/http/codec/text.hpp"

namespace varve::http {
namespace {

void append_number(std::string &out, uint64_t number) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

void append_head(std::string &out, const HeadParts &parts, const std::vector<Header> &headers) {
    out.reserve(out.size() + 256);
    // As InfluxDB (Go) does, HTTP/1.0 is answered in its own version.
    out += parts.http_minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    append_number(out, parts.status);
    out += ' ';
    out += reason_phrase(parts.status);
    out += "\r\n";
    for (const Header &header : headers) {
        out += header.name;
        out += ": ";
        out += header.value;
        out += "\r\n";
    }
    out += "Date: ";
    out += http_date_now();
    out += "\r\n";
    if (parts.framing == Framing::length) {
        out += "Content-Length: ";
        append_number(out, parts.length);
        out += "\r\n";
    } else if (parts.framing == Framing::chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    if (!parts.keep_alive) {
        out += "Connection: close\r\n";
    } else if (parts.http_minor == 0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

bool is_service_header(std::string_view name) {
    static constexpr std::string_view kNames[] = {"content-length", "transfer-encoding",
                                                  "connection", "date"};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

}  // namespace varve::http
