// Numbers as Huffman-coded tokens.
//
//   u8 table: 0 to 63 a shared one, 255 a table of its own follows (huffman.hpp)
//   from kParallelCountMin numbers on: 4 varints, the bytes of 4 streams; otherwise 1
//   the streams of codes, each with a quarter of the tokens (the last with the rest) and filled up
//   to a byte with zeros
//   the raw bits of all tokens in order, filled up to a byte
#pragma once

#include <string>

#include "storage/strata/codec/codec.hpp"
#include "storage/strata/codec/huffman.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {

inline constexpr uint8_t kOwnTable = 255;
inline constexpr uint32_t kParallelCountMin = 512;

// The cheapest table for a chunk.
struct TableChoice {
    HuffmanCode code;
    uint8_t table = kOwnTable;
    bool joins = false;  // the shared ones; `table` is its number then
    uint64_t bits = 0;   // codes, raw bits, table (of a new shared one a part) and head
};
// Only looks as far as `bits_max`: with more bits the choice is of no use anyway.
TableChoice choose_table(const TokenCounts &counts, uint32_t count, uint64_t bits_max,
                         const CodebookWriter *codebooks);

void encode_huffman(const uint64_t *values, const uint8_t *tokens, uint32_t count,
                    const TableChoice &choice, CodebookWriter *codebooks, std::string &out);

// Decoded tokens on their way to numbers.
struct Tokens {
    uint32_t token_max = 0;  // none is larger
    std::string_view raw;
    alignas(64) uint8_t values[kChunkValuesMax + kDecodeSlack];
};
Status decode_tokens(ByteReader &in, uint32_t count, const Codebooks &codebooks, Tokens &tokens);
// `out` may be written kDecodeSlack values further.
void tokens_to_numbers(const Tokens &tokens, uint32_t count, uint64_t *out);

}  // namespace varve::strata
