// Huffman codes over the tokens of integers.
//
// A token stands for a range of unsigned numbers:
//     x < 16     token x
//     otherwise  token 16 + 2 (e - 4) + m, e the exponent of x (its highest bit), m the bit below;
//                the e - 1 bits below that follow raw, in a stream of their own
// so 136 tokens cover 64 bits: 20 = 0b10100 has e = 4, m = 0, is token 16 and the raw bits 100.
//
// A code is canonical: tokens of one length have ascending codes, as in deflate; codes are written
// from their first bit, which is the lowest bit of the stream. Lengths are 1 to 12, and all codes
// of a table are exactly used up (a code of one token has a second one that never comes).
//
// A table on the wire: u8 first token, u8 number of lengths n, then n half-bytes, the lengths of
// first, first + 1, …; low half first, 0 = does not come.
//
// A decoding table takes the next bits of the stream, as many as the longest code has, and yields
// all the whole codes in them, up to 6 (an entry: 6 tokens, u8 their number, u8 their bits).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/strata/codec/kernels/tokens.hpp"
#include "storage/strata/codec/wire.hpp"

namespace varve::strata {

inline constexpr uint32_t kCodeLengthMax = 12;
inline constexpr uint32_t kTokensPerEntryMax = 6;

// The raw bits behind a token.
inline uint32_t token_raw_bits(uint32_t token) {
    return kTokenTables.widths[token];
}
// The lowest number of a token.
inline uint64_t token_base(uint32_t token) {
    return kTokenTables.bases[token];
}
inline uint32_t token_of(uint64_t x) {
    if (x < kDirectTokens) return static_cast<uint32_t>(x);
    const uint32_t exponent = width_of(x) - 1;
    return kDirectTokens + 2 * (exponent - 4) + static_cast<uint32_t>(x >> (exponent - 1) & 1);
}

using TokenCounts = std::array<uint32_t, kTokenCount>;

struct HuffmanCode {
    std::array<uint8_t, kTokenCount> lengths{};  // 0 = does not come
    std::array<uint16_t, kTokenCount> codes{};   // the first bit lowest

    // The best code of at most 12 bits, or nearly; at least one token must come.
    static HuffmanCode make(const TokenCounts &counts);
    // Bits of all tokens, or UINT64_MAX if one has no code.
    uint64_t cost_bits(const TokenCounts &counts) const;
    void render(std::string &out) const;
    uint32_t rendered_size() const;
    // Fails the reader's chunk with data_loss unless the code is complete.
    static Result<HuffmanCode> parse(ByteReader &in);

  private:
    void assign_codes();
    void range(uint32_t &first, uint32_t &count) const;
};

struct HuffmanDecoder {
    explicit HuffmanDecoder(const HuffmanCode &code);

    std::vector<uint64_t> entries;  // 2^index_bits
    uint32_t index_bits = 0;
    uint32_t token_max = 0;  // the largest token with a code
    std::array<uint8_t, kTokenCount> lengths{};
};

}  // namespace varve::strata
