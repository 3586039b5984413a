// Ints, floats and booleans: every value comes back bit for bit, whatever it is.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>

#include "codec_check.hpp"
#include "storage/strata/codec/ints.hpp"

namespace varve::strata {
namespace {

constexpr int64_t kLowest = INT64_MIN;
constexpr int64_t kHighest = INT64_MAX;

std::vector<uint32_t> lengths() {
    std::vector<uint32_t> all;
    for (uint32_t length = 1; length <= 200; ++length) all.push_back(length);
    for (const uint32_t length : {360u, 511u, 512u, 513u, 1000u, 4095u, 8191u, kChunkValuesMax}) {
        all.push_back(length);
    }
    return all;
}

std::vector<int64_t> walk(std::mt19937_64 &random, uint32_t count, double sigma, int64_t scale) {
    std::normal_distribution<double> step(0, sigma);
    std::vector<int64_t> values;
    double at = 50;
    for (uint32_t i = 0; i < count; ++i) {
        at = std::clamp(at + step(random), 0.0, 100.0);
        values.push_back(static_cast<int64_t>(at) * scale);
    }
    return values;
}

TEST(CodecInts, EveryLengthOfEveryShape) {
    std::mt19937_64 random = seeded();
    for (const uint32_t count : lengths()) {
        std::vector<int64_t> constant(count, -7), regular, jitter, counter, rare, wild;
        int64_t total = 1'000'000;
        int64_t seldom = 3;
        for (uint32_t i = 0; i < count; ++i) {
            regular.push_back(1451606400'000000000 + i * 10'000000000ll);
            jitter.push_back(regular.back() + static_cast<int64_t>(random() % 101) * 1000000);
            counter.push_back(total += static_cast<int64_t>(random() % 5000));
            rare.push_back(seldom += random() % 50 == 0 ? 1 : 0);
            wild.push_back(static_cast<int64_t>(random()));
        }
        for (const auto &values : {constant, regular, jitter, counter, rare, wild,
                                   walk(random, count, 1, 1), walk(random, count, 30, 4096)}) {
            check_all_ways(check_ints, values);
        }
        if (HasFailure()) return;
    }
}

TEST(CodecInts, ExtremesAndOverflows) {
    const std::vector<std::vector<int64_t>> chunks = {
        {0},
        {kLowest},
        {kHighest},
        {-1, static_cast<int64_t>(UINT64_MAX)},
        {kLowest, kHighest},
        {kHighest, kLowest},
        {kLowest, kHighest, kLowest, kHighest, 0},
        {0, kLowest, 0, kLowest, kLowest, 0},
        {kLowest, 0, kLowest, 1, kLowest, kHighest},
        {kLowest, -1, 0, 1, kHighest},
        {1, 2, 16, 32, -1, -9, -10, 100, -1, 1, 2, 3},
        {(1ll << 53) - 1, 1ll << 53, (1ll << 53) + 1},
        {kHighest - 2, kHighest - 1, kHighest, kLowest, kLowest + 1},  // a progression that wraps
        {0, kLowest, 0},
    };
    for (const auto &values : chunks) {
        check_all_ways(check_ints, values);
        std::vector<int64_t> long_values;
        for (int i = 0; i < 700; ++i) {
            long_values.insert(long_values.end(), values.begin(), values.end());
        }
        long_values.resize(std::min<size_t>(long_values.size(), kChunkValuesMax));
        check_all_ways(check_ints, long_values);
    }
}

TEST(CodecInts, OneOutlierCostsLittle) {
    std::mt19937_64 random = seeded();
    for (const int64_t outlier : {kLowest, kHighest, int64_t{-1}, int64_t{1} << 40}) {
        for (const uint32_t count : {100u, 8192u}) {
            auto values = walk(random, count, 1, 1);
            const size_t plain = check_ints(values, Tier::fast);
            values[random() % count] = outlier;
            check_all_ways(check_ints, values);
            EXPECT_LE(check_ints(values, Tier::fast), plain + count / 8 + 40);
        }
    }
}

TEST(CodecInts, RandomWidths) {
    std::mt19937_64 random = seeded();
    for (uint32_t width = 0; width <= 64; ++width) {
        for (const uint32_t count : {7u, 64u, 515u, 2000u}) {
            std::vector<int64_t> values;
            for (uint32_t i = 0; i < count; ++i) {
                values.push_back(static_cast<int64_t>(width == 0 ? 0 : random() >> (64 - width)));
            }
            check_all_ways(check_ints, values);
            for (int64_t &value : values) {
                value = static_cast<int64_t>(static_cast<uint64_t>(value) >>
                                             random() % (width + 1) % 64);
            }
            check_all_ways(check_ints, values);
        }
    }
}

TEST(CodecInts, RandomMixtures) {
    std::mt19937_64 random = seeded();
    for (int round = 0; round < 400; ++round) {
        const auto count = static_cast<uint32_t>(1 + random() % (round % 8 == 0 ? 8192 : 600));
        const uint64_t scale = round % 3 == 0 ? 1 : 1 + random() % 100000;
        const uint32_t laziness = 1 + random() % 60;
        std::vector<int64_t> values;
        uint64_t value = random() >> random() % 64;
        uint64_t speed = 0;
        for (uint32_t i = 0; i < count; ++i) {
            if (random() % laziness == 0) value += (random() >> random() % 64) * scale;
            if (round % 5 == 0) value += speed += (random() % 7 - 3) * scale;
            values.push_back(static_cast<int64_t>(value));
        }
        check_ints(values, Tier::fast, false);
        check_ints(values, Tier::dense, round % 2 == 0);
        if (HasFailure()) return;
    }
}

TEST(CodecInts, SizesOfRegularData) {
    std::mt19937_64 random = seeded();
    std::vector<int64_t> grid, jitter;
    for (int64_t i = 0; i < 8192; ++i) {
        grid.push_back(1451606400'000000000 + i * 10'000000000);
        jitter.push_back(grid.back() + static_cast<int64_t>(random() % 101) * 1000000);
    }
    EXPECT_LE(check_ints(grid, Tier::fast), 10u);
    EXPECT_LE(check_ints(std::vector<int64_t>(8192, 42), Tier::fast), 3u);
    EXPECT_LE(check_ints(jitter), 8192 * 9 / 10u);
    EXPECT_LE(check_ints(walk(random, 8192, 1, 1)), 8192 * 31 / 100u);
    EXPECT_LE(check_ints({3, 1, 4, 1, 5}, Tier::fast), 5u);
    EXPECT_LE(check_ints({3}, Tier::fast), 2u);
}

TEST(CodecInts, FormatIsPinned) {
    EncodeContext context;
    std::string bytes;
    const std::vector<int64_t> values = {7, 7, 9, 8};
    encode_ints(values.data(), 4, context, bytes);
    EXPECT_EQ(bytes, std::string("\x82\x1c\x02\x60", 4));
}

TEST(CodecInts, AsDoubles) {
    std::mt19937_64 random = seeded();
    EncodeContext context{Tier::dense, nullptr};
    for (const double sigma : {1.0, 500.0}) {
        auto values = walk(random, 8192, sigma, 3);
        values[5] = (1ll << 53) + 1;
        values[6] = kLowest;
        std::string bytes;
        encode_ints(values.data(), 8192, context, bytes);
        std::vector<double> doubles(8192 + kDecodeSlack);
        ASSERT_TRUE(decode_ints_as_doubles(bytes, 8192, Codebooks::none(), doubles.data()).ok());
        for (size_t i = 0; i < values.size(); ++i) {
            ASSERT_EQ(doubles[i], static_cast<double>(values[i]));
        }
    }
}

TEST(CodecFloats, SpecialValues) {
    const double quiet = std::bit_cast<double>(0x7ff8000000000001ull);
    const double payload = std::bit_cast<double>(0xfff4deadbeef0001ull);
    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> special = {0.0,
                                         -0.0,
                                         quiet,
                                         payload,
                                         infinity,
                                         -infinity,
                                         5e-324,
                                         -2.2250738585072009e-308,
                                         1e308,
                                         -1e308,
                                         9007199254740991,
                                         9007199254740992,
                                         9007199254740994,
                                         9223372036854775808.0,
                                         -9223372036854775808.0,
                                         0.1,
                                         0.1 + 0.2,
                                         1e-18,
                                         123456789.125,
                                         0.1234567890123456};
    check_all_ways(check_floats, special);
    for (const double one : special) {
        check_all_ways(check_floats, std::vector<double>{one});
        for (const uint32_t count : {5u, 200u, 8192u}) {
            std::vector<double> values;
            for (uint32_t i = 0; i < count; ++i) values.push_back(i % 100 / 100.0);
            values[count / 2] = one;
            check_all_ways(check_floats, values);
            values.assign(count, one);
            check_all_ways(check_floats, values);
        }
    }
}

TEST(CodecFloats, EveryLengthOfEveryShape) {
    std::mt19937_64 random = seeded();
    std::normal_distribution<double> normal(0, 1);
    for (const uint32_t count : lengths()) {
        std::vector<double> decimal, blocks, precise, mixed, bits;
        double at = 50;
        for (uint32_t i = 0; i < count; ++i) {
            at = std::clamp(at + normal(random), 0.0, 100.0);
            decimal.push_back(std::round(at * 100) / 100);
            blocks.push_back(std::round(at) * 4096);
            precise.push_back(at);
            mixed.push_back(random() % 9 == 0 ? at : decimal.back());
            bits.push_back(std::bit_cast<double>(random()));
        }
        for (const auto &values : {decimal, blocks, precise, mixed, bits}) {
            check_all_ways(check_floats, values);
        }
        if (HasFailure()) return;
    }
}

TEST(CodecFloats, EveryNumberOfDecimals) {
    std::mt19937_64 random = seeded();
    for (int decimals = 0; decimals <= 17; ++decimals) {
        std::vector<double> values;
        char text[64];
        for (int i = 0; i < 1000; ++i) {
            const double any = static_cast<double>(random() % 2000000) / 1e3 - 1000;
            std::snprintf(text, sizeof text, "%.*f", decimals, any * std::pow(10, -decimals / 2));
            values.push_back(std::strtod(text, nullptr));
        }
        check_all_ways(check_floats, values);
    }
}

TEST(CodecBools, EveryLengthOfEveryShape) {
    std::mt19937_64 random = seeded();
    const auto check = [](const std::vector<uint8_t> &values, Tier tier, bool shared) {
        return check_round_trip(values, tier, shared, encode_bools, decode_bools);
    };
    for (const uint32_t count : lengths()) {
        for (const uint32_t laziness : {1u, 2u, 30u, 700u, 1000000u}) {
            std::vector<uint8_t> values;
            uint8_t value = random() % 2;
            for (uint32_t i = 0; i < count; ++i) {
                if (random() % laziness == 0) value ^= 1;
                values.push_back(value);
            }
            check_all_ways(check, values);
        }
    }
    EXPECT_EQ(check(std::vector<uint8_t>(8192, 1), Tier::fast, false), 1u);
}

TEST(CodecBools, AnythingButZeroIsTrue) {
    EncodeContext context;
    const uint8_t values[] = {0, 255, 2, 0};
    std::string bytes;
    encode_bools(values, 4, context, bytes);
    std::vector<uint8_t> back(4 + kDecodeSlack);
    ASSERT_TRUE(decode_bools(bytes, 4, Codebooks::none(), back.data()).ok());
    back.resize(4);
    EXPECT_EQ(back, (std::vector<uint8_t>{0, 1, 1, 0}));
}

// Chunks of one law share tables; readers on several threads meet them first at the same time.
TEST(CodecTables, AreSharedByChunksAndThreads) {
    std::mt19937_64 random = seeded();
    CodebookWriter writer;
    EncodeContext context{Tier::dense, &writer};
    std::vector<std::vector<int64_t>> chunks;
    std::vector<std::string> encoded;
    size_t alone_size = 0;
    for (int i = 0; i < 200; ++i) {
        chunks.push_back(walk(random, 360, i % 2 == 0 ? 1 : 25, 1));
        encode_ints(chunks.back().data(), 360, context, encoded.emplace_back());
        EncodeContext alone{Tier::dense, nullptr};
        std::string bytes;
        encode_ints(chunks.back().data(), 360, alone, bytes);
        alone_size += bytes.size();
    }
    EXPECT_GE(writer.table_count(), 1u);
    EXPECT_LE(writer.table_count(), kCodebookTablesMax);
    std::string tables;
    writer.render(tables);
    size_t shared_size = tables.size();
    for (const std::string &bytes : encoded) shared_size += bytes.size();
    EXPECT_LT(shared_size, alone_size);
    const auto books = rendered(writer);
    std::vector<std::thread> readers;
    std::atomic<int> wrong = 0;
    for (int reader = 0; reader < 4; ++reader) {
        readers.emplace_back([&] {
            std::vector<int64_t> back(360 + kDecodeSlack);
            for (size_t i = 0; i < chunks.size(); ++i) {
                const Status status = decode_ints(encoded[i], 360, *books, back.data());
                if (!status.ok() || !same_bits(chunks[i], back.data())) ++wrong;
            }
        });
    }
    for (std::thread &reader : readers) reader.join();
    EXPECT_EQ(wrong, 0);
}

TEST(CodecTables, DamageIsRefused) {
    for (const char *bytes : {"\x41", "\x01\x10\x02\x11\x11", "\x01\x88\x02\x11",
                              "\x01\x01\x02\x21", "\x01\x01\x01\x01", "\x01\x01\x02\x1d"}) {
        EXPECT_EQ(Codebooks::parse(bytes).code(), Code::data_loss);
    }
    EXPECT_EQ(Codebooks::parse({}).code(), Code::data_loss);
    EXPECT_TRUE(Codebooks::parse("\x01\x01\x02\x11").ok());
    EXPECT_EQ(Codebooks::none().decoder(0), nullptr);
}

// Every cut, and many flips, of encoded chunks: a decoder may refuse or yield other values, but
// must stay inside its memory.
TEST(CodecDamage, IsNeverFollowedOutside) {
    std::mt19937_64 random = seeded();
    CodebookWriter writer;
    EncodeContext context{Tier::dense, &writer};
    std::vector<std::string> chunks(4);
    constexpr uint32_t kCount = 1200;
    const auto small = walk(random, kCount, 1, 1);
    const auto large = walk(random, kCount, 900, 7);
    std::vector<double> floats;
    for (const int64_t value : small) floats.push_back(static_cast<double>(value) / 10);
    floats[77] = std::nan("");
    std::vector<int64_t> rare(kCount, 5);
    for (size_t i = 300; i < kCount; ++i) rare[i] = 6 + static_cast<int64_t>(i / 250);
    encode_ints(small.data(), kCount, context, chunks[0]);
    encode_ints(large.data(), kCount, context, chunks[1]);
    encode_ints(rare.data(), kCount, context, chunks[2]);
    encode_floats(floats.data(), kCount, context, chunks[3]);
    const auto books = rendered(writer);
    std::vector<int64_t> ints(kCount + kDecodeSlack);
    std::vector<double> doubles(kCount + kDecodeSlack);
    const auto decode = [&](const std::string &bytes) {
        const ExactBytes exact(bytes);
        const bool good = decode_ints(exact.view(), kCount, *books, ints.data()).ok();
        (void)decode_floats(exact.view(), kCount, *books, doubles.data());
        return good;
    };
    for (size_t which = 0; which < chunks.size(); ++which) {
        const std::string &chunk = chunks[which];
        for (size_t size = 0; size < chunk.size(); ++size) {
            const bool good = decode(chunk.substr(0, size));
            EXPECT_FALSE(good && which < 3) << "chunk " << which << " cut to " << size;
        }
        for (int i = 0; i < 3000; ++i) {
            std::string flipped = chunk;
            for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
                flipped[random() % chunk.size()] ^= static_cast<char>(1u << random() % 8);
            }
            decode(flipped);
        }
        EXPECT_FALSE(decode(chunk + "x"));
    }
}

}  // namespace
}  // namespace varve::strata
