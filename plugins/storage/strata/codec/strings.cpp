// Strings.
//
//   u8 form
//     constant     varint size, bytes
//     dictionary   varint entries, texts of the entries in order of first appearance, then an index
//                  for every value as an integer stream (ints.hpp)
//     plain        texts of all values
//
//   texts = sizes as an integer stream; u8 method; then the bytes of all, one behind the other
//     as they are   method 0
//     lz4, zstd     method 1, 2; varint size of the compressed block; the block
//
// A block that does not shrink, or is larger than kCompressedStringsSizeMax, is stored as it is. So
// a decoder knows how much memory a block asks for, and refuses before it allocates.
#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "storage/strata/codec/ints.hpp"

namespace varve::strata {
namespace {

enum class StringForm : uint8_t { constant, dictionary, plain };
enum class TextMethod : uint8_t { stored, lz4, zstd };

constexpr uint32_t kDictionaryEntriesMax = 4096;
constexpr int kZstdLevel = 6;
constexpr uint64_t kCompressedSizeMin = 32;  // shorter texts cannot shrink enough to matter
constexpr uint64_t kLz4RatioMax = 255;       // by the format

std::string_view view(const varve_str &text) {
    return {text.data, text.size};
}

struct FreeCompressor {
    void operator()(ZSTD_CCtx *context) const { ZSTD_freeCCtx(context); }
};

// An empty string if it does not shrink.
std::string compressed(const std::string &bytes, Tier tier) {
    if (bytes.size() < kCompressedSizeMin || bytes.size() > kCompressedStringsSizeMax) return {};
    std::string out;
    size_t size = 0;
    if (tier == Tier::fast) {
        out.resize(static_cast<size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))));
        const int written = LZ4_compress_default(
            bytes.data(), out.data(), static_cast<int>(bytes.size()), static_cast<int>(out.size()));
        size = static_cast<size_t>(std::max(written, 0));
    } else {
        thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
        out.resize(ZSTD_compressBound(bytes.size()));
        size = context == nullptr ? 0
                                  : ZSTD_compressCCtx(context.get(), out.data(), out.size(),
                                                      bytes.data(), bytes.size(), kZstdLevel);
        if (ZSTD_isError(size) != 0) size = 0;
    }
    constexpr size_t kSizeField = 4;
    out.resize(size + kSizeField < bytes.size() ? size : 0);
    return out;
}

void put_texts(const varve_str *values, uint32_t count, EncodeContext &context, std::string &out) {
    uint64_t sizes[kChunkValuesMax];
    std::string bytes;
    for (uint32_t i = 0; i < count; ++i) {
        sizes[i] = values[i].size;
        bytes += view(values[i]);
    }
    encode_int_stream(sizes, count, context, out);
    const std::string block = compressed(bytes, context.tier);
    const TextMethod method = block.empty()                ? TextMethod::stored
                              : context.tier == Tier::fast ? TextMethod::lz4
                                                           : TextMethod::zstd;
    out.push_back(static_cast<char>(method));
    if (method != TextMethod::stored) put_varint(out, block.size());
    out += method == TextMethod::stored ? bytes : block;
}

Status get_block(ByteReader &in, TextMethod method, uint64_t total, char *out) {
    const std::string_view block = in.bytes(get_varint(in));
    if (!in.ok()) return damaged("size of compressed text");
    if (method == TextMethod::lz4) {
        if (block.size() > kCompressedStringsSizeMax) return damaged("size of compressed text");
        const int size = LZ4_decompress_safe(block.data(), out, static_cast<int>(block.size()),
                                             static_cast<int>(total));
        return size >= 0 && static_cast<uint64_t>(size) == total ? Status() : damaged("lz4 block");
    }
    const size_t size = ZSTD_decompress(out, total, block.data(), block.size());
    return ZSTD_isError(size) == 0 && size == total ? Status() : damaged("zstd block");
}

Status get_texts(ByteReader &in, uint32_t count, const Codebooks &codebooks, Arena &arena,
                 varve_str *out) {
    uint64_t sizes[kChunkValuesMax + kDecodeSlack];
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, count, codebooks, sizes));
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; ++i) {
        if (sizes[i] > UINT32_MAX) return damaged("size of a string");
        total += sizes[i];
    }
    const auto method = static_cast<TextMethod>(in.get<uint8_t>());
    if (!in.ok() || method > TextMethod::zstd) return damaged("method of texts");
    char *bytes = nullptr;
    if (method == TextMethod::stored) {
        const std::string_view stored = in.bytes(total);
        if (!in.ok()) return damaged("size of texts");
        bytes = static_cast<char *>(arena.allocate(total + 1, 1));
        if (total != 0) std::memcpy(bytes, stored.data(), total);
    } else {
        const bool too_much = method == TextMethod::lz4 && total > in.left() * kLz4RatioMax;
        if (total > kCompressedStringsSizeMax || too_much) return damaged("size of texts");
        bytes = static_cast<char *>(arena.allocate(total + 1, 1));
        VARVE_RETURN_IF_ERROR(get_block(in, method, total, bytes));
    }
    for (uint32_t i = 0; i < count; ++i) {
        out[i] = {bytes, static_cast<uint32_t>(sizes[i]), 0};
        bytes += sizes[i];
    }
    return {};
}

// Fills codes and entries; false when there are too many entries to be worth it.
bool make_dictionary(const varve_str *values, uint32_t count, std::vector<uint64_t> &codes,
                     std::vector<varve_str> &entries) {
    const uint32_t entries_max = std::min(kDictionaryEntriesMax, count / 2);
    std::unordered_map<std::string_view, uint32_t> places;
    codes.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
        const auto [place, fresh] = places.emplace(view(values[i]), entries.size());
        if (fresh) entries.push_back(values[i]);
        if (entries.size() > entries_max) return false;
        codes.push_back(place->second);
    }
    return true;
}

Status decode_dictionary(ByteReader &in, uint32_t count, const Codebooks &codebooks, Arena &arena,
                         varve_str *out) {
    const uint64_t entry_count = get_varint(in);
    if (!in.ok() || entry_count == 0 || entry_count > kDictionaryEntriesMax) {
        return damaged("number of dictionary entries");
    }
    std::vector<varve_str> entries(entry_count);
    VARVE_RETURN_IF_ERROR(
        get_texts(in, static_cast<uint32_t>(entry_count), codebooks, arena, entries.data()));
    uint64_t codes[kChunkValuesMax + kDecodeSlack];
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, count, codebooks, codes));
    for (uint32_t i = 0; i < count; ++i) {
        if (codes[i] >= entry_count) return damaged("dictionary code");
        out[i] = entries[codes[i]];
    }
    return {};
}

Status decode_constant(ByteReader &in, uint32_t count, Arena &arena, varve_str *out) {
    const uint64_t size = get_varint(in);
    const std::string_view text = in.bytes(size);
    if (!in.ok() || size > UINT32_MAX) return damaged("constant string");
    auto *bytes = static_cast<char *>(arena.allocate(text.size() + 1, 1));
    if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
    for (uint32_t i = 0; i < count; ++i) out[i] = {bytes, static_cast<uint32_t>(size), 0};
    return {};
}

}  // namespace

void encode_strings(const varve_str *values, uint32_t count, EncodeContext &context,
                    std::string &out) {
    if (count == 0) return;
    uint32_t same = 1;
    while (same < count && view(values[same]) == view(values[0])) ++same;
    if (same == count) {
        out.push_back(static_cast<char>(StringForm::constant));
        put_varint(out, values[0].size);
        out += view(values[0]);
        return;
    }
    std::vector<uint64_t> codes;
    std::vector<varve_str> entries;
    if (make_dictionary(values, count, codes, entries)) {
        out.push_back(static_cast<char>(StringForm::dictionary));
        put_varint(out, entries.size());
        put_texts(entries.data(), static_cast<uint32_t>(entries.size()), context, out);
        encode_int_stream(codes.data(), count, context, out);
        return;
    }
    out.push_back(static_cast<char>(StringForm::plain));
    put_texts(values, count, context, out);
}

Status decode_strings(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                      Arena &arena, varve_str *out) {
    if (count > kChunkValuesMax) return damaged("number of values");
    ByteReader in(bytes);
    if (count != 0) {
        const auto form = static_cast<StringForm>(in.get<uint8_t>());
        if (!in.ok() || form > StringForm::plain) return damaged("form of strings");
        if (form == StringForm::constant) {
            VARVE_RETURN_IF_ERROR(decode_constant(in, count, arena, out));
        } else if (form == StringForm::dictionary) {
            VARVE_RETURN_IF_ERROR(decode_dictionary(in, count, codebooks, arena, out));
        } else {
            VARVE_RETURN_IF_ERROR(get_texts(in, count, codebooks, arena, out));
        }
    }
    return in.at_end() ? Status() : damaged("bytes behind the strings");
}

}  // namespace varve::strata
