// Two ways lead through gzip and deflate. A gzip body says at its end how long it will be; if that
// is believable, libdeflate decodes it in one go into a buffer of that size. Everything else
// (several members, a lying length, damage, zlib and raw deflate) goes through zlib step by step
// into a buffer that doubles, and zlib decides between "corrupt" and "truncated".
#include "kernel/http/codec/content_coding.hpp"

#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "kernel/http/codec/text.hpp"

namespace varve::http {
namespace {

constexpr size_t kDeflateRatioMax = 1032;  // no deflate stream expands further
constexpr size_t kFirstGuess = 64 * 1024;
constexpr size_t kGzipHeadBytes = 10;
constexpr int kZstdWindowLogMax = 23;

// More room behind the decoded bytes: doubles, but never beyond size_max + 1 (the one byte tells
// "exactly the limit" from "more").
DecodeResult grow(BodyBuffer &out, BodyPool &pool, size_t size_max) {
    if (out.size() > size_max) return DecodeResult::too_large;
    if (out.size() < out.capacity()) return DecodeResult::ok;
    const size_t wanted = std::min(std::max(out.capacity() * 2, kFirstGuess), size_max + 1);
    return pool.reserve(out, wanted) ? DecodeResult::ok : DecodeResult::no_memory;
}

bool inflate_at_once(std::span<const char> in, BodyBuffer &out, BodyPool &pool, size_t size_max) {
    uint32_t length = 0;
    if (in.size() < 18) return false;
    std::memcpy(&length, in.data() + in.size() - 4, 4);  // little-endian, as both our targets are
    if (length == 0 || length > size_max || length / kDeflateRatioMax > in.size()) return false;
    BodyBuffer whole;
    if (!pool.reserve(whole, length)) return false;
    thread_local const std::unique_ptr<libdeflate_decompressor,
                                       decltype(&libdeflate_free_decompressor)>
        decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
    if (decompressor == nullptr) return false;
    size_t used = 0;
    size_t made = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor.get(), in.data(), in.size(), whole.space().data(), length, &used, &made);
    if (result != LIBDEFLATE_SUCCESS || used != in.size()) return false;
    whole.commit(made);
    out = std::move(whole);
    return true;
}

struct Inflater {
    z_stream stream{};
    bool ready = false;
    explicit Inflater(int window_bits) { ready = inflateInit2(&stream, window_bits) == Z_OK; }
    ~Inflater() {
        if (ready) inflateEnd(&stream);
    }
};

DecodeResult inflate_stepwise(int window_bits, std::span<const char> in, BodyBuffer &out,
                              BodyPool &pool, size_t size_max) {
    Inflater inflater(window_bits);
    if (!inflater.ready) return DecodeResult::no_memory;
    z_stream &z = inflater.stream;
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(in.data()));
    z.avail_in = static_cast<uInt>(in.size());
    for (;;) {
        if (const DecodeResult room = grow(out, pool, size_max); room != DecodeResult::ok) {
            return room;
        }
        const std::span<char> space = out.space();
        z.next_out = reinterpret_cast<Bytef *>(space.data());
        z.avail_out = static_cast<uInt>(std::min<size_t>(space.size(), 1u << 30));
        const uInt asked = z.avail_out;
        const int code = inflate(&z, Z_NO_FLUSH);
        out.commit(asked - z.avail_out);
        if (code == Z_STREAM_END) {
            // gzip allows several members one behind the other.
            if (z.avail_in == 0) break;
            if (window_bits <= 15 || inflateReset(&z) != Z_OK) return DecodeResult::corrupt;
        } else if (code == Z_BUF_ERROR || (code == Z_OK && z.avail_in == 0 && z.avail_out != 0)) {
            return DecodeResult::truncated;
        } else if (code == Z_MEM_ERROR) {
            return DecodeResult::no_memory;
        } else if (code != Z_OK) {
            return DecodeResult::corrupt;
        }
    }
    return out.size() > size_max ? DecodeResult::too_large : DecodeResult::ok;
}

DecodeResult inflate_any(Coding coding, std::span<const char> in, BodyBuffer &out, BodyPool &pool,
                         size_t size_max) {
    if (coding == Coding::gzip) {
        if (inflate_at_once(in, out, pool, size_max)) return DecodeResult::ok;
        return inflate_stepwise(15 + 16, in, out, pool, size_max);
    }
    // "deflate" means zlib's format, but many clients send the raw stream: the first two bytes of
    // zlib's are a multiple of 31 and name the method 8.
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(in[i]); };
    const bool zlib = in.size() >= 2 && (byte(0) & 15) == 8 && (byte(0) * 256 + byte(1)) % 31 == 0;
    return inflate_stepwise(zlib ? 15 : -15, in, out, pool, size_max);
}

DecodeResult decode_zstd(std::span<const char> in, BodyBuffer &out, BodyPool &pool,
                         size_t size_max) {
    const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                       &ZSTD_freeDCtx);
    if (context == nullptr) return DecodeResult::no_memory;
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
    const unsigned long long length = ZSTD_getFrameContentSize(in.data(), in.size());
    const bool known = length != ZSTD_CONTENTSIZE_UNKNOWN && length != ZSTD_CONTENTSIZE_ERROR;
    if (known && length > size_max) return DecodeResult::too_large;
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    size_t left = 1;
    while (left != 0 || input.pos < input.size) {
        if (const DecodeResult room = grow(out, pool, size_max); room != DecodeResult::ok) {
            return room;
        }
        const std::span<char> space = out.space();
        ZSTD_outBuffer output{space.data(), space.size(), 0};
        const size_t before = input.pos;
        left = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(left)) return DecodeResult::corrupt;
        out.commit(output.pos);
        if (left != 0 && input.pos == input.size && input.pos == before && output.pos == 0) {
            return DecodeResult::truncated;
        }
        if (left != 0 && input.pos == input.size && output.pos < output.size) {
            return DecodeResult::truncated;
        }
    }
    return out.size() > size_max ? DecodeResult::too_large : DecodeResult::ok;
}

const char *corrupt_text(Coding coding) {
    switch (coding) {
        case Coding::gzip:
            return "gzip: invalid body";
        case Coding::deflate:
            return "deflate: invalid body";
        default:
            return "zstd: invalid body";
    }
}

}  // namespace

Coding coding_of(std::string_view value) {
    Coding coding = Coding::identity;
    int known = 0;
    int others = 0;
    for (size_t at = 0; at <= value.size();) {
        const size_t end = std::min(value.find(',', at), value.size());
        const std::string_view name = trimmed_blanks(value.substr(at, end - at));
        at = end + 1;
        if (name.empty() || equals_ignoring_case(name, "identity")) continue;
        if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) {
            coding = Coding::gzip;
            ++known;
        } else if (equals_ignoring_case(name, "deflate")) {
            coding = Coding::deflate;
            ++known;
        } else if (equals_ignoring_case(name, "zstd")) {
            coding = Coding::zstd;
            ++known;
        } else {
            ++others;
        }
    }
    if (known == 0) return Coding::identity;
    return known == 1 && others == 0 ? coding : Coding::unsupported;
}

DecodeResult decode_body(Coding coding, BodyBuffer &body, BodyPool &pool, size_t size_max,
                         std::string &error) {
    if (coding == Coding::identity) return DecodeResult::ok;
    BodyBuffer out;
    DecodeResult result = DecodeResult::corrupt;
    if (coding == Coding::unsupported) {
        error = "unsupported Content-Encoding: more than one coding";
        return result;
    }
    const std::span<char> in = body.bytes();
    if (in.empty()) {
        error = "EOF";
        return DecodeResult::truncated;
    }
    result = coding == Coding::zstd ? decode_zstd(in, out, pool, size_max)
                                    : inflate_any(coding, in, out, pool, size_max);
    switch (result) {
        case DecodeResult::ok:
            body = std::move(out);
            break;
        case DecodeResult::corrupt:
            // What Go's gzip.NewReader says, and so InfluxDB; it wants the whole head first.
            if (coding == Coding::gzip && in.size() < kGzipHeadBytes) {
                error = "unexpected EOF";
                return DecodeResult::truncated;
            }
            error =
                coding == Coding::gzip && !(in.size() >= 2 && in[0] == '\x1f' && in[1] == '\x8b')
                    ? "gzip: invalid header"
                    : corrupt_text(coding);
            break;
        case DecodeResult::truncated:
            error = "unexpected EOF";
            break;
        case DecodeResult::too_large:
            error = "Request Entity Too Large";
            break;
        case DecodeResult::no_memory:
            error = "http.body_memory_max is reached, try again";
            break;
    }
    return result;
}

}  // namespace varve::http
