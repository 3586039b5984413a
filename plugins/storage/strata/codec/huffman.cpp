#include "storage/strata/codec/huffman.hpp"

#include <algorithm>

namespace varve::strata {
namespace {

struct Node {
    uint32_t count = 0;
    uint16_t parent = 0;
};

// Depths of the leaves of the Huffman tree over counts in ascending order: the two-queue method;
// inner nodes come out in ascending order by themselves.
void tree_depths(const std::vector<std::pair<uint32_t, uint32_t>> &sorted,
                 std::vector<uint32_t> &depths) {
    const auto leaves = static_cast<uint32_t>(sorted.size());
    std::array<Node, 2 * kTokenCount> nodes;
    for (uint32_t i = 0; i < leaves; ++i) nodes[i] = {sorted[i].first, 0};
    uint32_t leaf = 0;
    uint32_t inner = leaves;
    for (uint32_t made = leaves; made < 2 * leaves - 1; ++made) {
        const auto take = [&] {
            const bool from_leaves =
                leaf < leaves && (inner == made || nodes[leaf].count <= nodes[inner].count);
            return from_leaves ? leaf++ : inner++;
        };
        const uint32_t a = take();
        const uint32_t b = take();
        nodes[made] = {nodes[a].count + nodes[b].count, 0};
        nodes[a].parent = nodes[b].parent = static_cast<uint16_t>(made);
    }
    depths.assign(2 * leaves - 1, 0);
    for (uint32_t i = 2 * leaves - 2; i-- > 0;) depths[i] = depths[nodes[i].parent] + 1;
    depths.resize(leaves);
}

// Cuts depths to the longest allowed and makes the code complete again: rare tokens (they come
// first) grow until the codes fit, then what is left over is given to the most frequent ones.
void limit_depths(std::vector<uint32_t> &depths) {
    constexpr uint32_t kWhole = 1u << kCodeLengthMax;
    uint32_t used = 0;
    for (uint32_t &depth : depths) {
        depth = std::min(depth, kCodeLengthMax);
        used += kWhole >> depth;
    }
    for (size_t i = 0; used > kWhole; i = (i + 1) % depths.size()) {
        if (depths[i] < kCodeLengthMax) {
            used -= kWhole >> ++depths[i];
        }
    }
    while (used < kWhole) {
        for (size_t i = depths.size(); i-- > 0;) {
            const uint32_t gain = kWhole >> depths[i];
            if (depths[i] > 1 && used + gain <= kWhole) {
                --depths[i];
                used += gain;
            }
        }
    }
}

uint16_t reversed(uint32_t code, uint32_t length) {
    uint32_t out = 0;
    for (uint32_t i = 0; i < length; ++i) out |= (code >> i & 1) << (length - 1 - i);
    return static_cast<uint16_t>(out);
}

}  // namespace

HuffmanCode HuffmanCode::make(const TokenCounts &counts) {
    std::vector<std::pair<uint32_t, uint32_t>> sorted;
    sorted.reserve(kTokenCount);
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        if (counts[token] != 0) sorted.emplace_back(counts[token], token);
    }
    if (sorted.size() == 1) sorted.emplace_back(1, sorted[0].second == 0 ? 1 : 0);
    std::sort(sorted.begin(), sorted.end());
    std::vector<uint32_t> depths;
    tree_depths(sorted, depths);
    limit_depths(depths);
    HuffmanCode code;
    for (size_t i = 0; i < sorted.size(); ++i) {
        code.lengths[sorted[i].second] = static_cast<uint8_t>(depths[i]);
    }
    code.assign_codes();
    return code;
}

void HuffmanCode::assign_codes() {
    std::array<uint32_t, kCodeLengthMax + 1> next{};
    for (const uint8_t length : lengths) ++next[length];
    uint32_t first = 0;
    next[0] = 0;
    for (uint32_t length = 1; length <= kCodeLengthMax; ++length) {
        const uint32_t number = next[length];
        next[length] = first;
        first = (first + number) << 1;
    }
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        const uint32_t length = lengths[token];
        if (length != 0) codes[token] = reversed(next[length]++, length);
    }
}

uint64_t HuffmanCode::cost_bits(const TokenCounts &counts) const {
    uint64_t bits = 0;
    bool missing = false;
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        bits += static_cast<uint64_t>(counts[token]) * lengths[token];
        missing |= counts[token] != 0 && lengths[token] == 0;
    }
    return missing ? UINT64_MAX : bits;
}

void HuffmanCode::range(uint32_t &first, uint32_t &count) const {
    first = 0;
    while (lengths[first] == 0) ++first;
    uint32_t last = kTokenCount - 1;
    while (lengths[last] == 0) --last;
    count = last - first + 1;
}

uint32_t HuffmanCode::rendered_size() const {
    uint32_t first = 0;
    uint32_t count = 0;
    range(first, count);
    return 2 + (count + 1) / 2;
}

void HuffmanCode::render(std::string &out) const {
    uint32_t first = 0;
    uint32_t count = 0;
    range(first, count);
    out.push_back(static_cast<char>(first));
    out.push_back(static_cast<char>(count));
    for (uint32_t i = 0; i < count; i += 2) {
        const uint32_t low = lengths[first + i];
        const uint32_t high = i + 1 < count ? lengths[first + i + 1] : 0;
        out.push_back(static_cast<char>(low | high << 4));
    }
}

Result<HuffmanCode> HuffmanCode::parse(ByteReader &in) {
    const uint32_t first = in.get<uint8_t>();
    const uint32_t count = in.get<uint8_t>();
    const std::string_view halves = in.bytes((count + 1) / 2);
    if (!in.ok() || first + count > kTokenCount) return damaged("Huffman table");
    HuffmanCode code;
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t pair = static_cast<uint8_t>(halves[i / 2]);
        const uint32_t length = i % 2 == 0 ? pair & 15 : pair >> 4;
        if (length > kCodeLengthMax) return damaged("length of a Huffman code");
        code.lengths[first + i] = static_cast<uint8_t>(length);
        if (length != 0) used += 1u << (kCodeLengthMax - length);
    }
    if (used != 1u << kCodeLengthMax) return damaged("incomplete Huffman code");
    code.assign_codes();
    return code;
}

// The table of k bits is made of the tables of fewer: what follows the first token of an index is
// what the rest of its bits yields. Tables of all sizes lie one behind the other, 2^k entries at
// 2^k; an entry grows from the front, and a seventh token is given back with its bits.
HuffmanDecoder::HuffmanDecoder(const HuffmanCode &code) : lengths(code.lengths) {
    struct First {
        uint8_t token;
        uint8_t length;
    };
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        if (lengths[token] != 0) token_max = token;
        index_bits = std::max<uint32_t>(index_bits, lengths[token]);
    }
    const uint32_t size = 1u << index_bits;
    std::vector<First> firsts(size);
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        if (lengths[token] == 0) continue;
        for (uint32_t i = code.codes[token]; i < size; i += 1u << lengths[token]) {
            firsts[i] = {static_cast<uint8_t>(token), lengths[token]};
        }
    }
    constexpr uint64_t kTokensMask = (1ull << 8 * kTokensPerEntryMax) - 1;
    std::vector<uint64_t> all(2 * static_cast<size_t>(size));
    for (uint32_t bits = 1; bits <= index_bits; ++bits) {
        uint64_t *table = all.data() + (1u << bits);
        for (uint32_t i = 0; i < 1u << bits; ++i) {
            const First first = firsts[i];
            if (first.length > bits) continue;
            const uint32_t rest_bits = bits - first.length;
            const uint64_t rest = all[(1u << rest_bits) + (i >> first.length)];
            uint64_t count = rest >> 48 & 0xff;
            uint64_t used = rest >> 56;
            if (count == kTokensPerEntryMax) {
                used -= lengths[rest >> 8 * (kTokensPerEntryMax - 1) & 0xff];
                --count;
            }
            table[i] = (((rest & kTokensMask) << 8) & kTokensMask) | first.token |
                       (count + 1) << 48 | (used + first.length) << 56;
        }
    }
    entries.assign(all.begin() + size, all.end());
}

}  // namespace varve::strata
