// What tokens stand for (huffman.hpp), as tables: no code that a translation unit for a wide
// machine might share with others.
#pragma once

#include <cstdint>

namespace varve::strata {

inline constexpr uint32_t kDirectTokens = 16;
inline constexpr uint32_t kTokenCount = kDirectTokens + 2 * 60;

struct TokenTables {
    uint8_t widths[kTokenCount];  // of the raw bits
    uint64_t bases[kTokenCount];  // the lowest number
};

constexpr TokenTables make_token_tables() {
    TokenTables tables{};
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        const bool direct = token < kDirectTokens;
        const uint32_t width = direct ? 0 : (token - kDirectTokens) / 2 + 3;
        tables.widths[token] = static_cast<uint8_t>(width);
        tables.bases[token] = direct ? token : (2ull | (token & 1)) << width;
    }
    return tables;
}

inline constexpr TokenTables kTokenTables = make_token_tables();

}  // namespace varve::strata
