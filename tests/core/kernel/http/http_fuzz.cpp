// The first byte chooses what the rest is: a coded body, a query string, a multipart form, a
// target, or a whole request in pieces.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "kernel/http/codec/content_coding.hpp"
#include "kernel/http/codec/error_document.hpp"
#include "kernel/http/codec/text.hpp"
#include "kernel/http/codec/url.hpp"
#include "kernel/http/net/request_parser.hpp"

namespace {

using namespace varve::http;

constexpr size_t kDecodedMax = 1 << 20;

void fuzz_coding(Coding coding, std::string_view bytes) {
    const auto pool = std::make_shared<BodyPool>(8 << 20, 0);
    {
        BodyBuffer body;
        VARVE_ASSERT(pool->reserve(body, bytes.size() + 1));
        std::memcpy(body.space().data(), bytes.data(), bytes.size());
        body.commit(bytes.size());
        std::string error;
        const DecodeResult result = decode_body(coding, body, *pool, kDecodedMax, error);
        VARVE_ASSERT((result == DecodeResult::ok) == error.empty());
        VARVE_ASSERT(body.size() <= std::max(kDecodedMax, bytes.size()));
    }
    VARVE_ASSERT(pool->in_flight() == 0);
}

// The same request in one piece and byte by byte must be read alike; only may a malformed one look
// incomplete for longer when it comes in pieces.
void fuzz_request(std::string_view bytes) {
    const Options options;
    const auto pool = std::make_shared<BodyPool>(64 << 20, 0);
    std::string outcome[2];
    for (int way = 0; way < 2; ++way) {
        Request request;
        RequestParser parser(options, *pool, request);
        size_t used = 0;
        for (size_t end = way == 0 ? bytes.size() : 1; end <= bytes.size(); ++end) {
            used += parser.put(bytes.substr(used, end - used));
            VARVE_ASSERT(used <= end);
            if (parser.error() || parser.is_done()) break;
        }
        const auto body = request.body();
        if (parser.error()) {
            outcome[way] = "error " + std::to_string(parser.error()->status);
        } else if (parser.is_done()) {
            outcome[way] = std::string(request.method_name()) + " " +
                           std::string(request.target()) +
                           std::to_string(request.headers().size()) + std::to_string(used) +
                           std::string(body.data(), body.size());
        } else {
            outcome[way] = "incomplete";
        }
    }
    const bool later = outcome[0].starts_with("error") && outcome[1] == "incomplete";
    VARVE_ASSERT(outcome[0] == outcome[1] || later);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char *>(data) + 1, size - 1);
    Parameters params;
    switch (data[0]) {
        case 'g':
            fuzz_coding(Coding::gzip, rest);
            break;
        case 'd':
            fuzz_coding(Coding::deflate, rest);
            break;
        case 'z':
            fuzz_coding(Coding::zstd, rest);
            break;
        case 'q':
            parse_urlencoded(rest, params);
            break;
        case 'm':
            parse_multipart("multipart/form-data; boundary=XX", rest, params);
            break;
        case 'h':
            parse_multipart(rest, "--XX\r\n\r\nv\r\n--XX--", params);
            break;
        case 't':
            if (const auto parts = parse_target(std::string(rest))) {
                VARVE_ASSERT(parts->query_at <= parts->origin.size());
            }
            (void)redacted_target(rest);
            (void)accepts_gzip(rest);
            (void)coding_of(rest);
            (void)error_text(rest, 1024);
            break;
        default:
            fuzz_request(rest);
    }
    return 0;
}
