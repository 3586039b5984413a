#include "kernel/http/codec/compress.hpp"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <new>

#include "base/assert.hpp"
#include "kernel/http/codec/text.hpp"

namespace varve::http {
namespace {

// Answers are made while the client waits: fast levels, which already halve the time on the wire.
constexpr int kLevelAtOnce = 4;
constexpr int kLevelStream = 3;
constexpr size_t kPieceMax = 1u << 30;  // of one call to zlib, whose lengths are 32 bits wide

}  // namespace

bool is_compressible(std::string_view content_type) {
    const std::string_view type = trimmed_blanks(content_type.substr(0, content_type.find(';')));
    if (equals_ignoring_case(type, "text/event-stream")) return false;
    if (type.size() > 5 && equals_ignoring_case(type.substr(0, 5), "text/")) return true;
    static constexpr std::string_view kTypes[] = {"application/json",
                                                  "application/csv",
                                                  "application/javascript",
                                                  "application/x-msgpack",
                                                  "application/xml",
                                                  "application/x-ndjson",
                                                  "application/vnd.apache.arrow.stream",
                                                  "image/svg+xml",
                                                  "application/wasm"};
    return std::any_of(std::begin(kTypes), std::end(kTypes),
                       [&](std::string_view known) { return equals_ignoring_case(type, known); });
}

std::string gzip_compressed(std::string_view body) {
    thread_local const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>
        compressor(libdeflate_alloc_compressor(kLevelAtOnce), &libdeflate_free_compressor);
    if (compressor == nullptr || body.size() < kCompressMin) return {};
    std::string out(body.size(), '\0');
    const size_t size = libdeflate_gzip_compress(compressor.get(), body.data(), body.size(),
                                                 out.data(), out.size());
    out.resize(size);  // 0 = it did not fit
    return out;
}

struct GzipStream::State {
    z_stream stream{};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
    if (deflateInit2(&state_->stream, kLevelStream, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw std::bad_alloc();
    }
}

GzipStream::~GzipStream() {
    deflateEnd(&state_->stream);
}

std::string GzipStream::add(std::string_view piece) {
    std::string out;
    while (piece.size() > kPieceMax) {
        out += run(piece.substr(0, kPieceMax), Z_NO_FLUSH);
        piece.remove_prefix(kPieceMax);
    }
    return out + run(piece, Z_SYNC_FLUSH);
}

std::string GzipStream::finish() {
    return run({}, Z_FINISH);
}

std::string GzipStream::run(std::string_view piece, int flush) {
    z_stream &z = state_->stream;
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(piece.data()));
    z.avail_in = static_cast<uInt>(piece.size());
    std::string out;
    do {
        const size_t made = out.size();
        const size_t room = std::max<size_t>(piece.size() / 4, 512);
        out.resize(made + room);
        z.next_out = reinterpret_cast<Bytef *>(out.data() + made);
        z.avail_out = static_cast<uInt>(room);
        const int code = deflate(&z, flush);
        VARVE_ASSERT(code != Z_STREAM_ERROR);
        out.resize(made + room - z.avail_out);
    } while (z.avail_out == 0);
    return out;
}

}  // namespace varve::http
