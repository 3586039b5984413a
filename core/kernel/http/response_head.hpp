// Formats an answer's status line and headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/http/http.hpp"

namespace varve::http {

enum class Framing : uint8_t {
    none,     // 204, 304: no body and no length
    length,   // Content-Length
    chunked,  // Transfer-Encoding: chunked
    close,    // until the connection ends, for HTTP/1.0
};

struct HeadParts {
    unsigned http_minor = 1;
    unsigned status = 200;
    Framing framing = Framing::length;
    uint64_t length = 0;  // with Framing::length
    bool keep_alive = true;
};

// Appends the head with Date, Connection and the framing's headers; `headers` hold none of these.
void append_head(std::string &out, const HeadParts &parts, const std::vector<Header> &headers);

// Whether the service writes this header itself, so that a handler's is ignored.
bool is_service_header(std::string_view name);

}  // namespace varve::http
