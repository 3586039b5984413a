// Every version of the kernels yields what the scalar one does, for all widths and lengths.
#include <bit>
#include <cmath>

#include "codec_check.hpp"
#include "storage/strata/codec/huffman_stream.hpp"

namespace varve::strata {
namespace {

std::vector<const Kernels *> wide_kernels() {
    std::vector<const Kernels *> found;
    for (const char *name : {"avx2", "avx512"}) {
        if (const Kernels *named = kernels_named(name)) found.push_back(named);
    }
    std::printf("beside scalar: %zu\n", found.size());
    return found;
}

const Kernels &scalar() {
    return *kernels_named("scalar");
}

std::vector<uint64_t> random_values(std::mt19937_64 &random, uint32_t count, uint32_t width) {
    std::vector<uint64_t> values;
    for (uint32_t i = 0; i < count; ++i)
        values.push_back(width == 0 ? 0 : random() >> (64 - width));
    return values;
}

std::vector<uint32_t> some_lengths() {
    std::vector<uint32_t> all;
    for (uint32_t length = 1; length <= 80; ++length) all.push_back(length);
    all.insert(all.end(), {127, 128, 129, 500, 8192});
    return all;
}

TEST(CodecKernels, PackAndUnpack) {
    std::mt19937_64 random = seeded();
    std::vector<const Kernels *> all = wide_kernels();
    all.push_back(&scalar());
    for (uint32_t width = 0; width <= 64; ++width) {
        for (const uint32_t count : some_lengths()) {
            const auto values = random_values(random, count, width);
            const size_t size = packed_size(width, count);
            std::vector<uint8_t> want(size + 8);
            scalar().pack(values.data(), count, width, want.data());
            const std::vector<uint8_t> exact(want.begin(), want.begin() + static_cast<long>(size));
            for (const Kernels *kernels : all) {
                std::vector<uint8_t> packed(size + 8);
                kernels->pack(values.data(), count, width, packed.data());
                packed.resize(size);
                ASSERT_EQ(packed, exact) << kernels->name << " width " << width << ", " << count;
                std::vector<uint64_t> back(count + kUnpackGroup);
                kernels->unpack(exact.data(), width, count, back.data());
                back.resize(count);
                ASSERT_EQ(back, values) << kernels->name << " width " << width << ", " << count;
            }
        }
    }
}

TEST(CodecKernels, Arithmetic) {
    std::mt19937_64 random = seeded();
    for (const Kernels *kernels : wide_kernels()) {
        for (const uint32_t count : some_lengths()) {
            const auto values = random_values(random, count, 1 + random() % 64);
            const uint64_t base = random();
            const uint64_t step = random();
            const auto both = [&](auto run) {
                std::vector<uint64_t> a = values, b = values;
                a.resize(count + kUnpackGroup);
                b.resize(count + kUnpackGroup);
                run(scalar(), a.data());
                run(*kernels, b.data());
                a.resize(count);
                b.resize(count);
                return a == b;
            };
            for (const bool is_signed : {false, true}) {
                EXPECT_TRUE(both([&](const Kernels &k, uint64_t *at) {
                    k.expand(at, count, is_signed, step, base);
                })) << kernels->name
                    << count;
                for (const uint64_t divisor : {1ull, 3ull, 4096ull, 1000000ull, 1ull << 63}) {
                    EXPECT_TRUE(both([&](const Kernels &k, uint64_t *at) {
                        for (uint32_t i = 0; i < count; ++i) at[i] = at[i] * divisor + base;
                        at[count] = k.reduce(at, count, base, is_signed, ExactDivisor(divisor));
                    })) << kernels->name
                        << count;
                }
            }
            EXPECT_TRUE(
                both([&](const Kernels &k, uint64_t *at) { k.prefix_sum(at, count, base); }));
            EXPECT_TRUE(
                both([&](const Kernels &k, uint64_t *at) { k.add_line(at, count, base, step); }));
            EXPECT_TRUE(both([&](const Kernels &k, uint64_t *at) {
                k.subtract_line(values.data(), count, base, step, at);
            }));
            EXPECT_TRUE(both(
                [&](const Kernels &k, uint64_t *at) { k.differences(values.data(), count, at); }));
            const Scan a = scalar().scan(values.data(), count);
            const Scan b = kernels->scan(values.data(), count);
            EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0);
        }
    }
}

TEST(CodecKernels, Multiples) {
    std::mt19937_64 random = seeded();
    std::vector<const Kernels *> all = wide_kernels();
    all.push_back(&scalar());
    for (const Kernels *kernels : all) {
        for (const uint64_t divisor : {2ull, 7ull, 1000ull, 4096ull, 10000000000ull, 1ull << 63}) {
            for (const bool is_signed : {false, true}) {
                for (const uint32_t count : {1u, 9u, 300u}) {
                    auto values = random_values(random, count, 64);
                    for (uint64_t &value : values) {
                        const bool negative = is_signed && value % 2 == 1;
                        if (is_signed) value >>= 1;
                        value -= value % divisor;
                        if (negative) value = 0 - value;
                    }
                    const ExactDivisor exact(divisor);
                    EXPECT_TRUE(kernels->all_multiples(values.data(), count, 0, is_signed, exact));
                    values[count / 2] += 1;
                    EXPECT_FALSE(kernels->all_multiples(values.data(), count, 0, is_signed, exact));
                    values[count / 2] -= 1 + divisor;
                    EXPECT_EQ(kernels->all_multiples(values.data(), count, 0, true, exact),
                              scalar().all_multiples(values.data(), count, 0, true, exact));
                }
            }
        }
    }
}

TEST(CodecKernels, TokensAndRawBits) {
    std::mt19937_64 random = seeded();
    std::vector<const Kernels *> all = wide_kernels();
    all.push_back(&scalar());
    for (const Kernels *kernels : all) {
        for (const uint32_t count : some_lengths()) {
            for (const uint32_t width : {3u, 4u, 12u, 30u, 64u}) {
                auto values = random_values(random, count, width);
                for (uint64_t &value : values) value >>= random() % (width + 1) % 64;
                std::vector<uint8_t> tokens(count + kUnpackGroup);
                kernels->tokens(values.data(), count, tokens.data());
                std::vector<uint8_t> raw;
                uint32_t filled = 0;
                for (uint32_t i = 0; i < count; ++i) {
                    ASSERT_EQ(tokens[i], token_of(values[i])) << kernels->name;
                    ASSERT_LE(token_base(tokens[i]), values[i]);
                    for (uint32_t bit = 0; bit < token_raw_bits(tokens[i]); ++bit, ++filled) {
                        if (filled % 8 == 0) raw.push_back(0);
                        raw.back() |= static_cast<uint8_t>((values[i] >> bit & 1) << filled % 8);
                    }
                }
                ASSERT_EQ(kernels->raw_bits(tokens.data(), count), filled);
                std::vector<uint64_t> back(count + kUnpackGroup);
                kernels->add_raw_bits(tokens.data(), count, raw.data(), raw.size(), back.data());
                back.resize(count);
                ASSERT_EQ(back, values) << kernels->name << " width " << width << ", " << count;
            }
        }
    }
}

TEST(CodecKernels, SmallDifferences) {
    std::mt19937_64 random = seeded();
    for (const Kernels *kernels : wide_kernels()) {
        for (const uint32_t count : some_lengths()) {
            std::vector<uint8_t> tokens;
            for (uint32_t i = 0; i < count; ++i) tokens.push_back(random() % 16);
            for (const bool is_signed : {false, true}) {
                for (const uint64_t factor : {uint64_t{1}, uint64_t{4096}, random()}) {
                    const uint64_t start = random();
                    std::vector<uint64_t> a(count + kUnpackGroup), b(count + kUnpackGroup);
                    scalar().small_differences(tokens.data(), count, is_signed, factor, start,
                                               a.data());
                    kernels->small_differences(tokens.data(), count, is_signed, factor, start,
                                               b.data());
                    std::vector<double> c(count + kUnpackGroup), d(count + kUnpackGroup);
                    scalar().small_differences_to_doubles(tokens.data(), count, is_signed, factor,
                                                          start, c.data());
                    kernels->small_differences_to_doubles(tokens.data(), count, is_signed, factor,
                                                          start, d.data());
                    ASSERT_EQ(std::memcmp(a.data(), b.data(), count * 8), 0) << kernels->name;
                    ASSERT_EQ(std::memcmp(c.data(), d.data(), count * 8), 0) << kernels->name;
                }
            }
            std::vector<uint64_t> a(count + kUnpackGroup), b(count + kUnpackGroup);
            scalar().widen(tokens.data(), count, a.data());
            kernels->widen(tokens.data(), count, b.data());
            ASSERT_EQ(std::memcmp(a.data(), b.data(), count * 8), 0);
        }
    }
}

TEST(CodecKernels, Decimals) {
    std::mt19937_64 random = seeded();
    for (const Kernels *kernels : wide_kernels()) {
        for (uint32_t exponent = 0; exponent <= kExponentMax; ++exponent) {
            for (const uint32_t count : {1u, 7u, 64u, 1003u}) {
                std::vector<uint64_t> digits;
                for (uint32_t i = 0; i < count; ++i) {
                    const uint64_t any = random() >> (11 + random() % 53);
                    digits.push_back(random() % 2 == 0 ? any : 0 - any);
                    if (exponent == 0 && random() % 4 == 0) digits.back() = random();
                }
                std::vector<double> a(count + kUnpackGroup), b(count + kUnpackGroup);
                scalar().to_doubles(digits.data(), count, exponent, a.data());
                kernels->to_doubles(digits.data(), count, exponent, b.data());
                ASSERT_EQ(std::memcmp(a.data(), b.data(), count * 8), 0)
                    << kernels->name << " exponent " << exponent;
                for (int wild = 0; wild < 3; ++wild) {
                    a[random() % count] = std::bit_cast<double>(random());
                    a[random() % count] = std::bit_cast<double>(0x7ff0000000000000ull);
                    a[random() % count] = -0.0;
                }
                std::vector<uint64_t> c(count), d(count);
                std::vector<uint8_t> bad_c(count), bad_d(count);
                const uint32_t n =
                    scalar().from_doubles(a.data(), count, exponent, c.data(), bad_c.data());
                ASSERT_EQ(kernels->from_doubles(a.data(), count, exponent, d.data(), bad_d.data()),
                          n);
                ASSERT_EQ(c, d);
                ASSERT_EQ(bad_c, bad_d);
            }
        }
    }
}

TEST(CodecKernels, HuffmanStreams) {
    std::mt19937_64 random = seeded();
    std::vector<const Kernels *> all = wide_kernels();
    all.push_back(&scalar());
    for (const uint32_t count : {1u, 2u, 30u, 511u, 512u, 515u, 2000u, 8192u}) {
        for (const uint32_t alphabet : {1u, 2u, 7u, 40u, 136u}) {
            TokenCounts counts{};
            std::vector<uint8_t> tokens;
            for (uint32_t i = 0; i < count; ++i) {
                tokens.push_back(static_cast<uint8_t>(random() % (1 + random() % alphabet)));
                ++counts[tokens.back()];
            }
            std::vector<uint64_t> values;
            for (const uint8_t token : tokens) values.push_back(token_base(token));
            const TableChoice choice = choose_table(counts, count, UINT64_MAX, nullptr);
            std::string bytes;
            encode_huffman(values.data(), tokens.data(), count, choice, nullptr, bytes);
            EXPECT_LE(bytes.size(), choice.bits / 8 + 8);
            const ExactBytes exact(bytes);
            for (const Kernels *kernels : all) {
                use_kernels(kernels);
                ByteReader in(exact.view());
                Tokens back;
                const Status status = decode_tokens(in, count, Codebooks::none(), back);
                use_kernels(nullptr);
                ASSERT_TRUE(status.ok()) << status.text();
                ASSERT_TRUE(in.at_end());
                ASSERT_TRUE(same_bits(tokens, back.values)) << kernels->name << count;
            }
        }
    }
}

TEST(CodecKernels, WholeChunks) {
    std::mt19937_64 random = seeded();
    std::vector<const Kernels *> all = wide_kernels();
    all.push_back(&scalar());
    std::normal_distribution<double> step(0, 1);
    for (const uint32_t count : {1u, 9u, 360u, 8192u}) {
        std::vector<double> floats;
        std::vector<int64_t> ints;
        double at = 50;
        for (uint32_t i = 0; i < count; ++i) {
            at += step(random);
            floats.push_back(std::round(at * 100) / 100);
            ints.push_back(static_cast<int64_t>(at));
        }
        std::string first;
        for (const Kernels *kernels : all) {
            use_kernels(kernels);
            EncodeContext context{Tier::dense, nullptr};
            std::string bytes;
            encode_ints(ints.data(), count, context, bytes);
            encode_floats(floats.data(), count, context, bytes);
            if (first.empty()) first = bytes;
            EXPECT_EQ(bytes, first) << kernels->name;
            check_all_ways(check_ints, ints);
            check_all_ways(check_floats, floats);
            use_kernels(nullptr);
        }
    }
}

}  // namespace
}  // namespace varve::strata
