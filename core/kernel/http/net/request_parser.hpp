// Turns bytes into a Request, strictly: what two servers could read in two ways is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/http/hooks.hpp"
#include "kernel/http/options.hpp"

namespace varve::http {

// Parses one request; make a new one for the next.
class RequestParser {
  public:
    struct Error {
        unsigned status = 400;
        Refusal reason = Refusal::bad_request;
        std::string text;
    };

    // Fills `request`; both outlive the parser. Bodies with a Content-Length are the caller's to
    // read; chunked ones the parser appends to the request's body, out of the pool.
    RequestParser(const Options &options, BodyPool &pool, Request &request);
    ~RequestParser();

    // Reads what it can of the unconsumed input and says how much that was. With `input` all that
    // was received so far and nothing consumed, more is needed.
    size_t put(std::string_view input);

    bool is_header_done() const;
    bool is_done() const;  // of a chunked body too
    const std::optional<Error> &error() const;

    // After the header.
    unsigned http_minor() const;
    bool keep_alive() const;
    bool is_chunked() const;
    uint64_t content_length() const;  // 0 without one
    bool expects_continue() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace varve::http
