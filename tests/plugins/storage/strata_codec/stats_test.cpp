// Statistics of mini-blocks come back bit for bit, and small.
#include <algorithm>
#include <bit>
#include <cmath>

#include <varve/kind/storage.h>

#include "codec_check.hpp"

namespace varve::strata {
namespace {

constexpr uint8_t kAll = VARVE_STATS_MINMAX | VARVE_STATS_SUM | VARVE_STATS_FIRSTLAST;

size_t check_stats(uint32_t type, const std::vector<ColumnStats> &blocks, bool with_rows) {
    std::string bytes;
    EncodeContext context;
    encode_stats(type, blocks, with_rows, context, bytes);
    const ExactBytes exact(bytes);
    std::vector<ColumnStats> back(blocks.size());
    const Status status = decode_stats(type, with_rows, exact.view(), Codebooks::none(), back);
    EXPECT_TRUE(status.ok()) << status.text();
    for (size_t i = 0; i < blocks.size(); ++i) {
        ColumnStats want = blocks[i];
        if (!with_rows) want.min_row = want.max_row = 0;
        EXPECT_EQ(back[i], want) << "block " << i << " of " << blocks.size();
    }
    return bytes.size();
}

template <typename T>
ColumnStats stats_of(const std::vector<T> &values) {
    ColumnStats block;
    block.count = static_cast<uint32_t>(values.size());
    block.last_row = static_cast<uint16_t>(values.size() - 1);
    const auto min = std::min_element(values.begin(), values.end());
    const auto max = std::max_element(values.begin(), values.end());
    block.min_row = static_cast<uint16_t>(min - values.begin());
    block.max_row = static_cast<uint16_t>(max - values.begin());
    T sum{};
    for (const T value : values) sum += value;
    block.min = std::bit_cast<uint64_t>(*min);
    block.max = std::bit_cast<uint64_t>(*max);
    block.first = std::bit_cast<uint64_t>(values.front());
    block.last = std::bit_cast<uint64_t>(values.back());
    block.sum = std::bit_cast<uint64_t>(sum);
    block.present = kAll;
    return block;
}

// Mini-blocks of 360 rows of a clamped walk, in units of 1 / scale.
template <typename T>
std::vector<ColumnStats> walk_stats(std::mt19937_64 &random, size_t block_count, double sigma,
                                    double scale) {
    std::normal_distribution<double> step(0, sigma);
    double at = 50;
    std::vector<ColumnStats> blocks;
    for (size_t k = 0; k < block_count; ++k) {
        std::vector<T> values;
        for (int i = 0; i < 360; ++i) {
            at = std::clamp(at + step(random), 0.0, 100.0);
            values.push_back(static_cast<T>(std::trunc(at * scale) / scale));
        }
        blocks.push_back(stats_of(values));
    }
    return blocks;
}

TEST(CodecStats, WalksAreSmall) {
    std::mt19937_64 random = seeded();
    for (const size_t count : {1u, 2u, 5u, 22u, 64u}) {
        const auto ints = walk_stats<int64_t>(random, count, 1, 1);
        const size_t size = check_stats(VARVE_TYPE_INT64, ints, false);
        EXPECT_LE(check_stats(VARVE_TYPE_INT64, ints, true), size + 10 + count * 4);
        const auto floats = walk_stats<double>(random, count, 1, 100);
        const size_t float_size = check_stats(VARVE_TYPE_FLOAT64, floats, false);
        check_stats(VARVE_TYPE_FLOAT64, floats, true);
        std::printf("%zu mini-blocks: %.2f bytes of integers each, %.2f of decimals\n", count,
                    static_cast<double>(size) / static_cast<double>(count),
                    static_cast<double>(float_size) / static_cast<double>(count));
        EXPECT_LE(size, 20 + count * 6);
        EXPECT_LE(float_size, 24 + count * 11);
    }
}

TEST(CodecStats, AnyBits) {
    std::mt19937_64 random = seeded();
    for (int round = 0; round < 500; ++round) {
        const uint32_t type = VARVE_TYPE_FLOAT64 + random() % 5;
        std::vector<ColumnStats> blocks(1 + random() % 64);
        for (ColumnStats &block : blocks) {
            block.present = static_cast<uint8_t>(random() % 3 == 0 ? random() % 8 : kAll);
            block.count = static_cast<uint32_t>(random() % 1025);
            const auto bits = [&]() -> uint64_t {
                if (type == VARVE_TYPE_FLOAT64 && round % 2 == 0) {
                    return std::bit_cast<uint64_t>(static_cast<double>(random() % 10000) / 100);
                }
                return random() >> random() % 64;
            };
            if ((block.present & VARVE_STATS_MINMAX) != 0) {
                block.min = bits();
                block.max = bits();
                block.min_row = static_cast<uint16_t>(random());
                block.max_row = static_cast<uint16_t>(random());
            }
            if ((block.present & VARVE_STATS_FIRSTLAST) != 0) {
                block.first = bits();
                block.last = bits();
                block.first_row = static_cast<uint16_t>(random());
                block.last_row = static_cast<uint16_t>(random());
            }
            if ((block.present & VARVE_STATS_SUM) != 0) block.sum = bits();
        }
        check_stats(type, blocks, round % 3 != 0);
    }
}

TEST(CodecStats, ExtremesOfDoubles) {
    const double extremes[] = {std::nan(""), -0.0, INFINITY, 1e308, 5e-324, 0.1};
    for (const double first : extremes) {
        for (const double last : extremes) {
            ColumnStats block{.count = 2, .last_row = 1, .present = kAll};
            block.first = block.min = std::bit_cast<uint64_t>(first);
            block.last = block.max = std::bit_cast<uint64_t>(last);
            block.sum = std::bit_cast<uint64_t>(first + last);
            check_stats(VARVE_TYPE_FLOAT64, {block, block, block}, true);
        }
    }
}

TEST(CodecStats, DamageIsNeverFollowedOutside) {
    std::mt19937_64 random = seeded();
    const auto blocks = walk_stats<double>(random, 20, 1, 100);
    std::string bytes;
    EncodeContext context;
    encode_stats(VARVE_TYPE_FLOAT64, blocks, true, context, bytes);
    std::vector<ColumnStats> back(blocks.size());
    for (size_t size = 0; size < bytes.size(); ++size) {
        const ExactBytes exact(bytes.substr(0, size));
        EXPECT_FALSE(
            decode_stats(VARVE_TYPE_FLOAT64, true, exact.view(), Codebooks::none(), back).ok());
    }
    for (int i = 0; i < 3000; ++i) {
        std::string flipped = bytes;
        flipped[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
        const ExactBytes exact(flipped);
        (void)decode_stats(VARVE_TYPE_FLOAT64, true, exact.view(), Codebooks::none(), back);
    }
}

}  // namespace
}  // namespace varve::strata
