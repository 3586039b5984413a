#include "storage/strata/codec/huffman_stream.hpp"

#include <array>
#include <optional>

#include "storage/strata/codec/model.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kSharedCountScale = 16;
constexpr uint32_t kSharedNeighbours = 2;
constexpr uint64_t kStreamHeadBits = 8;
constexpr uint32_t kSharingCountMin = 128;
constexpr uint64_t kTableSharers = 4;  // chunks that are thought to share a new table

uint32_t stream_count_of(uint32_t count) {
    return count >= kParallelCountMin ? kHuffmanStreamsMax : 1;
}
uint32_t stream_tokens(uint32_t count, uint32_t stream) {
    const uint32_t streams = stream_count_of(count);
    const uint32_t share = count / streams;
    return stream + 1 < streams ? share : count - share * (streams - 1);
}

// A table that others will use knows tokens that this chunk happens not to have.
HuffmanCode shared_code(const TokenCounts &counts) {
    uint32_t last = 0;
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        if (counts[token] != 0) last = token;
    }
    uint32_t first = 0;
    while (counts[first] == 0) ++first;
    if (first < kDirectTokens) first = 0;
    TokenCounts smoothed{};
    for (uint32_t token = first; token < kTokenCount && token <= last + kSharedNeighbours;
         ++token) {
        smoothed[token] = counts[token] * kSharedCountScale + 1;
    }
    return HuffmanCode::make(smoothed);
}

// Bits into a string, lowest first.
class BitWriter {
  public:
    explicit BitWriter(uint8_t *out) : start_(out), out_(out) {}

    // At most 56 bits.
    void put(uint64_t bits, uint32_t width) {
        word_ |= bits << filled_;
        filled_ += width;
        std::memcpy(out_, &word_, sizeof word_);
        out_ += filled_ / 8;
        word_ >>= filled_ & ~7u;
        filled_ %= 8;
    }
    size_t finish() {
        if (filled_ != 0) *out_++ = static_cast<uint8_t>(word_);
        return static_cast<size_t>(out_ - start_);
    }

  private:
    uint8_t *start_;
    uint8_t *out_;
    uint64_t word_ = 0;
    uint32_t filled_ = 0;
};

size_t write_codes(const HuffmanCode &code, const uint8_t *tokens, uint32_t count, uint8_t *out) {
    std::array<uint32_t, kTokenCount> both;  // code and length
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        both[token] = code.codes[token] | static_cast<uint32_t>(code.lengths[token]) << 16;
    }
    BitWriter writer(out);
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        uint64_t bits = 0;
        uint32_t width = 0;
        for (uint32_t k = 0; k < 4; ++k) {
            const uint32_t entry = both[tokens[i + k]];
            bits |= static_cast<uint64_t>(entry & 0xffff) << width;
            width += entry >> 16;
        }
        writer.put(bits, width);
    }
    for (; i < count; ++i) writer.put(both[tokens[i]] & 0xffff, both[tokens[i]] >> 16);
    return writer.finish();
}

size_t write_raw_bits(const uint64_t *values, const uint8_t *tokens, uint32_t count, uint8_t *out) {
    std::array<uint8_t, kTokenCount> widths;
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        widths[token] = static_cast<uint8_t>(token_raw_bits(token));
    }
    BitWriter writer(out);
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t width = widths[tokens[i]];
        const uint64_t bits = values[i] & ((1ull << width) - 1);
        if (width <= 56) {
            writer.put(bits, width);
        } else {
            writer.put(bits & 0xffffffff, 32);
            writer.put(bits >> 32, width - 32);
        }
    }
    return writer.finish();
}

}  // namespace

TableChoice choose_table(const TokenCounts &counts, uint32_t count, uint64_t bits_max,
                         const CodebookWriter *codebooks) {
    TableChoice best;
    best.bits = UINT64_MAX;
    uint64_t raw_bits = 0;
    for (uint32_t token = kDirectTokens; token < kTokenCount; ++token) {
        raw_bits += static_cast<uint64_t>(counts[token]) * token_raw_bits(token);
    }
    const uint64_t fixed = raw_bits + kStreamHeadBits + 16ull * stream_count_of(count);
    const uint32_t tables = codebooks == nullptr ? 0 : codebooks->table_count();
    for (uint32_t i = 0; i < tables; ++i) {
        const uint64_t bits = codebooks->table(i).cost_bits(counts);
        if (bits == UINT64_MAX || bits + fixed >= best.bits) continue;
        best.bits = bits + fixed;
        best.table = static_cast<uint8_t>(i);
    }
    if (best.table != kOwnTable) best.code = codebooks->table(best.table);
    // A table of its own costs its bytes; no code is shorter than the entropy.
    constexpr double kSmallestTableBits = 24.0 / kTableSharers;
    const double bound = entropy_bits(counts) + static_cast<double>(fixed - raw_bits);
    if (bound + kSmallestTableBits >= static_cast<double>(std::min(best.bits, bits_max))) {
        return best;
    }
    const HuffmanCode own = HuffmanCode::make(counts);
    const uint64_t own_bits = own.cost_bits(counts) + fixed + 8ull * own.rendered_size();
    if (own_bits < best.bits) best = {own, kOwnTable, false, own_bits};
    if (codebooks == nullptr || codebooks->full()) return best;
    // Of a new shared table a chunk pays a part: the chunks after it have it for nothing. Short
    // chunks say too little of others.
    const HuffmanCode shared = shared_code(counts);
    const uint64_t share = count >= kSharingCountMin ? kTableSharers : 1;
    const uint64_t shared_bits =
        shared.cost_bits(counts) + fixed + 8ull * shared.rendered_size() / share;
    if (shared_bits < best.bits) {
        best = {shared, static_cast<uint8_t>(tables), true, shared_bits};
    }
    return best;
}

void encode_huffman(const uint64_t *values, const uint8_t *tokens, uint32_t count,
                    const TableChoice &choice, CodebookWriter *codebooks, std::string &out) {
    out.push_back(static_cast<char>(choice.table));
    if (choice.joins) codebooks->add(choice.code);
    if (choice.table == kOwnTable) choice.code.render(out);
    const uint32_t streams = stream_count_of(count);
    std::string bytes;
    bytes.resize(static_cast<size_t>(count) * kCodeLengthMax / 8 + 16);
    auto *at = reinterpret_cast<uint8_t *>(bytes.data());
    const uint8_t *from = tokens;
    for (uint32_t s = 0; s < streams; ++s) {
        const uint32_t share = stream_tokens(count, s);
        const size_t size = write_codes(choice.code, from, share, at);
        put_varint(out, size);
        at += size;
        from += share;
    }
    out.append(bytes.data(), reinterpret_cast<char *>(at));
    uint8_t token_max = 0;
    for (uint32_t i = 0; i < count; ++i) token_max = std::max(token_max, tokens[i]);
    if (token_max < kDirectTokens) return;
    bytes.resize(static_cast<size_t>(count) * 8 + 16);
    at = reinterpret_cast<uint8_t *>(bytes.data());
    out.append(bytes.data(), write_raw_bits(values, tokens, count, at));
}

Status decode_tokens(ByteReader &in, uint32_t count, const Codebooks &codebooks, Tokens &tokens) {
    const auto number = in.get<uint8_t>();
    std::optional<HuffmanDecoder> own;
    const HuffmanDecoder *decoder = nullptr;
    if (number == kOwnTable) {
        const auto code = HuffmanCode::parse(in);
        if (!code.ok()) return code.status();
        decoder = &own.emplace(*code);
    } else {
        decoder = codebooks.decoder(number);
        if (decoder == nullptr) return damaged("a shared table that is not there");
    }
    const uint32_t stream_count = stream_count_of(count);
    HuffmanStream streams[kHuffmanStreamsMax];
    for (uint32_t s = 0; s < stream_count; ++s) {
        streams[s].size = static_cast<size_t>(get_varint(in));
    }
    uint8_t *out = tokens.values;
    for (uint32_t s = 0; s < stream_count; ++s) {
        const size_t left = in.left();
        const std::string_view bytes = in.bytes(streams[s].size);
        if (!in.ok()) return damaged("size of a Huffman stream");
        streams[s].bytes = reinterpret_cast<const uint8_t *>(bytes.data());
        streams[s].readable = left;
        streams[s].out = out;
        streams[s].out_end = out += stream_tokens(count, s);
    }
    const HuffmanTable table{decoder->entries.data(), decoder->lengths.data(), decoder->index_bits};
    if (!kernels().huffman(table, streams, stream_count)) return damaged("Huffman stream");
    tokens.token_max = decoder->token_max;
    tokens.raw = {};
    if (tokens.token_max < kDirectTokens) return {};
    const uint64_t raw_bits = kernels().raw_bits(tokens.values, count);
    tokens.raw = in.bytes((raw_bits + 7) / 8);
    return in.ok() ? Status() : damaged("raw bits");
}

void tokens_to_numbers(const Tokens &tokens, uint32_t count, uint64_t *out) {
    if (tokens.token_max < kDirectTokens) return kernels().widen(tokens.values, count, out);
    kernels().add_raw_bits(tokens.values, count,
                           reinterpret_cast<const uint8_t *>(tokens.raw.data()), tokens.raw.size(),
                           out);
}

}  // namespace varve::strata
