// The kernels in plain C++. Included by the translation units of the kernels only, each of which
// compiles it for its own machine: hence the unnamed namespace, and no templates of the standard
// library, whose code for a wide machine the linker might give to everybody.
//
// Bits packed at a width: value i takes the bits i * width … of the stream, lowest first. So every
// 8 values end at a byte: a group of 8 takes `width` bytes, and value k of a group begins in byte
// k * width / 8 at bit k * width % 8.
#pragma once

#include <cstring>

#include "storage/strata/codec/kernels/kernels.hpp"
#include "storage/strata/codec/kernels/tokens.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kUnpackWindow = 72;  // bytes a group of the widest values may touch
constexpr double kRoundingMagic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to a whole
constexpr double kDigitsMax = 2251799813685248.0;      // 2^51
constexpr double kWholeMax = 9223372036854775808.0;    // 2^63
constexpr double kTens[kExponentMax + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                            1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                            1e14, 1e15, 1e16, 1e17, 1e18};

inline uint64_t load64(const uint8_t *at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}
inline void store64(uint8_t *at, uint64_t word) {
    std::memcpy(at, &word, sizeof word);
}
inline uint64_t low_bits(uint64_t word, uint32_t width) {
    return width >= 64 ? word : word & ((1ull << width) - 1);
}

Scan generic_scan(const uint64_t *values, uint32_t count) {
    Scan scan;
    scan.min = scan.max = static_cast<int64_t>(values[0]);
    if (count < 2) return scan;
    int64_t min = scan.min, max = scan.max;
    int64_t difference_min = INT64_MAX, difference_max = INT64_MIN;
    uint64_t changes = 0, bends = 0;
    for (uint32_t i = 1; i < count; ++i) {
        const auto value = static_cast<int64_t>(values[i]);
        const auto difference = static_cast<int64_t>(values[i] - values[i - 1]);
        min = value < min ? value : min;
        max = value > max ? value : max;
        difference_min = difference < difference_min ? difference : difference_min;
        difference_max = difference > difference_max ? difference : difference_max;
        changes += difference != 0 ? 1 : 0;
    }
    for (uint32_t i = 2; i < count; ++i) {
        bends += values[i] - values[i - 1] != values[i - 1] - values[i - 2] ? 1 : 0;
    }
    return {changes, bends, min, max, difference_min, difference_max};
}

void generic_differences(const uint64_t *values, uint32_t count, uint64_t *out) {
    for (uint32_t i = 0; i + 1 < count; ++i) out[i] = values[i + 1] - values[i];
}

void generic_subtract_line(const uint64_t *values, uint32_t count, uint64_t base, uint64_t step,
                           uint64_t *out) {
    for (uint32_t i = 0; i < count; ++i) out[i] = values[i] - (base + i * step);
}

bool generic_all_multiples(const uint64_t *values, uint32_t count, uint64_t base, bool is_signed,
                           const ExactDivisor &divisor) {
    const uint64_t below = (1ull << divisor.shift) - 1;
    const uint64_t quotient_max = UINT64_MAX / divisor.divisor;
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < count; ++i) {
        uint64_t size = values[i] - base;
        if (is_signed && size >> 63 != 0) size = 0 - size;
        wrong |= size & below;
        wrong |= (size >> divisor.shift) * divisor.inverse > quotient_max ? 1 : 0;
    }
    return wrong == 0;
}

uint64_t generic_reduce(uint64_t *values, uint32_t count, uint64_t base, bool is_signed,
                        const ExactDivisor &divisor) {
    uint64_t all = 0;
    if (!is_signed) {
        for (uint32_t i = 0; i < count; ++i) {
            const uint64_t reduced = ((values[i] - base) >> divisor.shift) * divisor.inverse;
            values[i] = reduced;
            all |= reduced;
        }
        return all;
    }
    for (uint32_t i = 0; i < count; ++i) {
        const auto offset = static_cast<int64_t>(values[i] - base);
        const uint64_t reduced = static_cast<uint64_t>(offset >> divisor.shift) * divisor.inverse;
        const uint64_t zigzagged = (reduced << 1) ^ (0 - (reduced >> 63));
        values[i] = zigzagged;
        all |= zigzagged;
    }
    return all;
}

void generic_tokens(const uint64_t *values, uint32_t count, uint8_t *out) {
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t x = values[i];
        const uint32_t exponent = 63 - static_cast<uint32_t>(__builtin_clzll(x | 1));
        const uint64_t bit = x >> (exponent == 0 ? 0 : exponent - 1) & 1;
        const uint64_t token = 8 + 2 * exponent + bit;  // 16 + 2 (exponent - 4) + bit
        out[i] = static_cast<uint8_t>(x < 16 ? x : token);
    }
}

template <uint32_t Width>
void pack_group(const uint64_t *values, uint8_t *out) {
    if constexpr (Width == 64) {
        std::memcpy(out, values, 64);
    } else if constexpr (Width != 0) {
        uint64_t word = 0;
        uint32_t filled = 0;
#pragma GCC unroll 8
        for (uint32_t i = 0; i < 8; ++i) {
            const uint64_t value = values[i] & ((1ull << Width) - 1);
            word |= value << filled;
            filled += Width;
            if (filled >= 64) {
                store64(out, word);
                out += 8;
                filled -= 64;
                word = filled == 0 ? 0 : value >> (Width - filled);
            }
        }
        if (filled != 0) store64(out, word);
    }
}

template <uint32_t Width>
void pack_all(const uint64_t *values, uint32_t count, uint8_t *out) {
    uint32_t i = 0;
    for (; i + 8 <= count; i += 8, out += Width) pack_group<Width>(values + i, out);
    if (i == count) return;
    uint64_t last[8] = {};
    uint8_t bytes[72];
    std::memcpy(last, values + i, (count - i) * sizeof last[0]);
    pack_group<Width>(last, bytes);
    std::memcpy(out, bytes, packed_size(Width, count - i));
}

template <uint32_t Width>
inline void unpack_group(const uint8_t *in, uint64_t *out) {
#pragma GCC unroll 8
    for (uint32_t i = 0; i < 8; ++i) {
        const uint32_t bit = i * Width;
        uint64_t word = load64(in + bit / 8) >> bit % 8;
        if (bit % 8 + Width > 64)
            word |= static_cast<uint64_t>(in[bit / 8 + 8]) << ((64 - bit % 8) & 63);
        out[i] = low_bits(word, Width);
    }
}

// Groups that lie well inside the input go directly, the last ones by way of a padded copy.
template <uint32_t Width>
void unpack_all(const uint8_t *in, uint32_t count, uint64_t *out) {
    const size_t size = packed_size(Width, count);
    size_t at = 0;
    uint32_t i = 0;
    for (; i < count && at + kUnpackWindow <= size; i += 8, at += Width) {
        unpack_group<Width>(in + at, out + i);
    }
    for (; i < count; i += 8, at += Width) {
        uint8_t window[kUnpackWindow] = {};
        const size_t left = size - at;
        if (left != 0) std::memcpy(window, in + at, left < kUnpackWindow ? left : kUnpackWindow);
        unpack_group<Width>(window, out + i);
    }
}

using PackFunction = void (*)(const uint64_t *, uint32_t, uint8_t *);
using UnpackFunction = void (*)(const uint8_t *, uint32_t, uint64_t *);
template <uint32_t... Widths>
struct WidthList {
    static constexpr PackFunction kPack[] = {pack_all<Widths>...};
    static constexpr UnpackFunction kUnpack[] = {unpack_all<Widths>...};
};
template <uint32_t Last, uint32_t... Widths>
struct WidthsUpTo : WidthsUpTo<Last - 1, Last, Widths...> {};
template <uint32_t... Widths>
struct WidthsUpTo<0, Widths...> : WidthList<0, Widths...> {};
using AllWidths = WidthsUpTo<64>;

void generic_pack(const uint64_t *values, uint32_t count, uint32_t width, uint8_t *out) {
    AllWidths::kPack[width](values, count, out);
}

[[maybe_unused]] void generic_unpack(const uint8_t *in, uint32_t width, uint32_t count,
                                     uint64_t *out) {
    AllWidths::kUnpack[width](in, count, out);
}

// Whole numbers up to 2^63 are their own digits; with an exponent, digits have at most 51 bits, so
// that all of it can be done in doubles.
uint32_t generic_from_doubles(const double *values, uint32_t count, uint32_t exponent,
                              uint64_t *out, uint8_t *bad) {
    uint32_t bad_count = 0;
    if (exponent == 0) {
        for (uint32_t i = 0; i < count; ++i) {
            const double value = values[i];
            const bool inside = value > -kWholeMax && value < kWholeMax;
            const auto digits = static_cast<int64_t>(inside ? value : 0.0);
            const auto back = static_cast<double>(digits);
            uint64_t want, have;
            std::memcpy(&want, &value, sizeof want);
            std::memcpy(&have, &back, sizeof have);
            out[i] = have == want ? static_cast<uint64_t>(digits) : 0;
            bad[i] = have != want ? 1 : 0;
            bad_count += bad[i];
        }
        return bad_count;
    }
    const double scale = kTens[exponent];
    uint64_t magic_bits;
    std::memcpy(&magic_bits, &kRoundingMagic, sizeof magic_bits);
    for (uint32_t i = 0; i < count; ++i) {
        const double value = values[i];
        const double scaled = value * scale;
        const double shifted = scaled + kRoundingMagic;
        const double back = (shifted - kRoundingMagic) / scale;
        uint64_t want, have, digits;
        std::memcpy(&want, &value, sizeof want);
        std::memcpy(&have, &back, sizeof have);
        std::memcpy(&digits, &shifted, sizeof digits);
        const bool inside = scaled > -kDigitsMax && scaled < kDigitsMax;
        const bool good = inside & (have == want);
        out[i] = good ? digits - magic_bits : 0;
        bad[i] = good ? 0 : 1;
        bad_count += good ? 0 : 1;
    }
    return bad_count;
}

[[maybe_unused]] void generic_to_doubles(const uint64_t *values, uint32_t count, uint32_t exponent,
                                         double *out) {
    if (exponent == 0) {
        for (uint32_t i = 0; i < count; ++i) {
            out[i] = static_cast<double>(static_cast<int64_t>(values[i]));
        }
        return;
    }
    const double scale = kTens[exponent];
    for (uint32_t i = 0; i < count; ++i) {
        out[i] = static_cast<double>(static_cast<int64_t>(values[i])) / scale;
    }
}

void generic_expand(uint64_t *values, uint32_t count, bool is_signed, uint64_t factor,
                    uint64_t base) {
    if (!is_signed) {
        for (uint32_t i = 0; i < count; ++i) values[i] = values[i] * factor + base;
        return;
    }
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t value = (values[i] >> 1) ^ (0 - (values[i] & 1));
        values[i] = value * factor + base;
    }
}

[[maybe_unused]] void generic_prefix_sum(uint64_t *values, uint32_t count, uint64_t start) {
    for (uint32_t i = 0; i < count; ++i) values[i] = start += values[i];
}

void generic_add_line(uint64_t *values, uint32_t count, uint64_t base, uint64_t step) {
    for (uint32_t i = 0; i < count; ++i) values[i] += base + i * step;
}

void generic_widen(const uint8_t *tokens, uint32_t count, uint64_t *out) {
    for (uint32_t i = 0; i < count; ++i) out[i] = tokens[i];
}

[[maybe_unused]] void generic_small_differences(const uint8_t *tokens, uint32_t count,
                                                bool is_signed, uint64_t factor, uint64_t start,
                                                uint64_t *out) {
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t token = tokens[i];
        const uint64_t difference = is_signed ? (token >> 1) ^ (0 - (token & 1)) : token;
        out[i] = start += difference * factor;
    }
}

[[maybe_unused]] void generic_small_differences_to_doubles(const uint8_t *tokens, uint32_t count,
                                                           bool is_signed, uint64_t factor,
                                                           uint64_t start, double *out) {
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t token = tokens[i];
        const uint64_t difference = is_signed ? (token >> 1) ^ (0 - (token & 1)) : token;
        start += difference * factor;
        out[i] = static_cast<double>(static_cast<int64_t>(start));
    }
}

// The raw bits of a token from any place, also from the last bytes.
inline uint64_t careful_bits(const uint8_t *raw, size_t size, size_t bit, uint32_t width) {
    uint8_t window[16] = {};
    const size_t at = bit / 8;
    const size_t left = at < size ? size - at : 0;
    if (left != 0) std::memcpy(window, raw + at, left < 9 ? left : 9);
    uint64_t word = load64(window) >> bit % 8;
    if (bit % 8 + width > 64) word |= static_cast<uint64_t>(window[8]) << (64 - bit % 8);
    return low_bits(word, width);
}

// Away from the end there is no branch but the one that is never taken: a guess which tokens have
// raw bits would fail too often.
void add_raw_bits_from(size_t bit, const uint8_t *tokens, uint32_t count, const uint8_t *raw,
                       size_t size, uint64_t *out) {
    uint32_t i = 0;
    for (; i < count && bit / 8 + 8 <= size; ++i) {
        const uint32_t width = kTokenTables.widths[tokens[i]];
        const uint64_t word = load64(raw + bit / 8) >> bit % 8;
        uint64_t bits = word & ((1ull << width) - 1);
        if (__builtin_expect(width > 57, 0)) bits = careful_bits(raw, size, bit, width);
        out[i] = kTokenTables.bases[tokens[i]] + bits;
        bit += width;
    }
    for (; i < count; ++i) {
        const uint32_t width = kTokenTables.widths[tokens[i]];
        out[i] = kTokenTables.bases[tokens[i]] + careful_bits(raw, size, bit, width);
        bit += width;
    }
}

[[maybe_unused]] void generic_add_raw_bits(const uint8_t *tokens, uint32_t count,
                                           const uint8_t *raw, size_t size, uint64_t *out) {
    add_raw_bits_from(0, tokens, count, raw, size, out);
}

uint64_t generic_raw_bits(const uint8_t *tokens, uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t token = tokens[i];
        sum += token < kDirectTokens ? 0 : token / 2 - 5;
    }
    return sum;
}

// One stream to its end, byte by byte careful.
inline bool finish_stream(const HuffmanTable &table, HuffmanStream &stream, size_t bit) {
    const uint64_t mask = (1ull << table.index_bits) - 1;
    while (stream.out < stream.out_end) {
        const size_t at = bit / 8;
        if (at >= stream.size) return false;
        uint8_t window[8] = {};
        const size_t left = stream.size - at;
        std::memcpy(window, stream.bytes + at, left < 8 ? left : 8);
        uint64_t word = load64(window) >> bit % 8;
        const uint64_t entry = table.entries[word & mask];
        auto count = static_cast<uint32_t>(entry >> 48 & 0xff);
        const auto room = static_cast<size_t>(stream.out_end - stream.out);
        uint32_t bits = static_cast<uint32_t>(entry >> 56);
        if (count > room) {
            count = static_cast<uint32_t>(room);
            bits = 0;
            for (uint32_t i = 0; i < count; ++i) bits += table.lengths[entry >> 8 * i & 0xff];
        }
        for (uint32_t i = 0; i < count; ++i) {
            *stream.out++ = static_cast<uint8_t>(entry >> 8 * i);
        }
        bit += bits;
    }
    return (bit + 7) / 8 == stream.size;
}

// Four probes of the table per stream and refill: at most 48 bits and 24 tokens, of which each
// probe stores 8 bytes. `turns` is how often that is safe for every stream.
template <uint32_t Streams>
bool decode_streams(const HuffmanTable &table, HuffmanStream *streams) {
    constexpr size_t kTokensPerTurn = 24, kStoreSlack = 2, kBytesPerTurn = 6;
    const uint64_t mask = (1ull << table.index_bits) - 1;
    const uint64_t *entries = table.entries;
    const uint8_t *at[Streams];
    uint8_t *out[Streams];
    uint64_t shift[Streams];
    for (uint32_t s = 0; s < Streams; ++s) {
        at[s] = streams[s].bytes;
        out[s] = streams[s].out;
        shift[s] = 0;
    }
    for (;;) {
        size_t turns = SIZE_MAX;
        for (uint32_t s = 0; s < Streams; ++s) {
            const auto room = static_cast<size_t>(streams[s].out_end - out[s]);
            const auto used = static_cast<size_t>(at[s] - streams[s].bytes);
            const size_t left = streams[s].readable > used ? streams[s].readable - used : 0;
            const size_t by_room = room > kStoreSlack ? (room - kStoreSlack) / kTokensPerTurn : 0;
            const size_t by_bytes = left > 8 ? (left - 8) / kBytesPerTurn : 0;
            turns = by_room < turns ? by_room : turns;
            turns = by_bytes < turns ? by_bytes : turns;
        }
        if (turns == 0) break;
        for (size_t turn = 0; turn < turns; ++turn) {
            uint64_t word[Streams];
#pragma GCC unroll 4
            for (uint32_t s = 0; s < Streams; ++s) word[s] = load64(at[s]) >> shift[s];
#pragma GCC unroll 4
            for (uint32_t probe = 0; probe < 4; ++probe) {
#pragma GCC unroll 4
                for (uint32_t s = 0; s < Streams; ++s) {
                    const uint64_t entry = entries[word[s] & mask];
                    store64(out[s], entry);
                    out[s] += entry >> 48 & 0xff;
                    shift[s] += entry >> 56;
                    word[s] >>= entry >> 56;
                }
            }
#pragma GCC unroll 4
            for (uint32_t s = 0; s < Streams; ++s) {
                at[s] += shift[s] >> 3;
                shift[s] &= 7;
            }
        }
    }
    bool good = true;
    for (uint32_t s = 0; s < Streams; ++s) {
        streams[s].out = out[s];
        const auto used = static_cast<size_t>(at[s] - streams[s].bytes);
        good &= finish_stream(table, streams[s], used * 8 + shift[s]);
    }
    return good;
}

bool generic_huffman(const HuffmanTable &table, HuffmanStream *streams, uint32_t stream_count) {
    if (stream_count == kHuffmanStreamsMax)
        return decode_streams<kHuffmanStreamsMax>(table, streams);
    bool good = true;
    for (uint32_t s = 0; s < stream_count; ++s) good &= decode_streams<1>(table, streams + s);
    return good;
}

}  // namespace
}  // namespace varve::strata
