// Removes a request body's content coding: gzip, deflate (zlib or raw) and zstd.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/http/body_pool.hpp"

namespace varve::http {

enum class Coding : uint8_t {
    identity,  // none, or one that the service leaves to the handler (snappy)
    gzip,
    deflate,
    zstd,
    unsupported,  // several of the above on top of each other
};

// What a Content-Encoding header asks for.
Coding coding_of(std::string_view content_encoding);

enum class DecodeResult : uint8_t { ok, corrupt, truncated, too_large, no_memory };

// Replaces the body by its decoded form, which lives in the pool too. The work is bounded: decoding
// stops as soon as more than size_max bytes come out, and a zstd window is at most 8 MiB. On a
// failure the body is as before and `error` has the text for the client.
DecodeResult decode_body(Coding coding, BodyBuffer &body, BodyPool &pool, size_t size_max,
                         std::string &error);

}  // namespace varve::http
