// Strings come back byte for byte; no size makes a decoder allocate more than is allowed.
#include "codec_check.hpp"
#include "storage/strata/codec/wire.hpp"

namespace varve::strata {
namespace {

varve_str str(std::string_view text) {
    return {text.data(), static_cast<uint32_t>(text.size()), 0};
}

size_t check_strings(const std::vector<std::string> &values, Tier tier, bool shared) {
    CodebookWriter writer;
    EncodeContext context{tier, shared ? &writer : nullptr};
    const auto count = static_cast<uint32_t>(values.size());
    std::vector<varve_str> views;
    for (const std::string &value : values) views.push_back(str(value));
    std::string bytes;
    encode_strings(views.data(), count, context, bytes);
    const auto books = rendered(writer);
    const ExactBytes exact(bytes);
    Arena arena;
    std::vector<varve_str> back(count + kDecodeSlack);
    const Status status = decode_strings(exact.view(), count, *books, arena, back.data());
    EXPECT_TRUE(status.ok()) << status.text();
    for (uint32_t i = 0; i < count; ++i) {
        EXPECT_EQ(std::string_view(back[i].data, back[i].size), values[i]) << i;
    }
    return bytes.size();
}

std::string random_text(std::mt19937_64 &random, size_t size) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(random()));
    return text;
}

TEST(CodecStrings, EveryShape) {
    std::mt19937_64 random = seeded();
    const char *const levels[] = {"info", "warn", "error", "debug"};
    for (const uint32_t count : {1u, 2u, 3u, 10u, 100u, 1000u, 8192u}) {
        std::vector<std::string> constant(count, "same"), empty(count), level, message, noise,
            nearly;
        for (uint32_t i = 0; i < count; ++i) {
            level.emplace_back(levels[random() % 4]);
            message.push_back("request " + std::to_string(random() % 1000000) + " took " +
                              std::to_string(random() % 900) + " ms");
            noise.push_back(random_text(random, random() % 20));
            nearly.push_back(i == count / 2 ? std::string("a\0b", 3) : "");
        }
        for (const auto &values : {constant, empty, level, message, noise, nearly}) {
            check_all_ways(check_strings, values);
        }
    }
    const std::vector<std::string> constant(8192, "same");
    EXPECT_LE(check_strings(constant, Tier::fast, false), 6u);
}

TEST(CodecStrings, LongOnes) {
    std::mt19937_64 random = seeded();
    std::vector<std::string> values;
    for (int i = 0; i < 40; ++i) values.push_back(random_text(random, 70000));
    for (int i = 0; i < 40; ++i) values.emplace_back(70000 + i, static_cast<char>('a' + i % 26));
    check_all_ways(check_strings, values);
}

TEST(CodecStrings, WhatClaimsToBeLargeIsRefused) {
    // Two strings of 40 MiB each out of a block of 10 bytes.
    for (const char method : {1, 2}) {
        std::string bytes(1, 2);
        EncodeContext context;
        const int64_t sizes[] = {40 << 20, 40 << 20};
        encode_ints(sizes, 2, context, bytes);
        bytes += method;
        bytes += std::string("\x0a", 1) + std::string(10, 'x');
        Arena arena;
        std::vector<varve_str> back(2 + kDecodeSlack);
        const Status status = decode_strings(bytes, 2, Codebooks::none(), arena, back.data());
        EXPECT_EQ(status.code(), Code::data_loss);
        EXPECT_EQ(arena.size_bytes(), 0u);
    }
}

TEST(CodecStrings, DamageIsNeverFollowedOutside) {
    std::mt19937_64 random = seeded();
    for (const Tier tier : {Tier::fast, Tier::dense}) {
        for (const bool dictionary : {false, true}) {
            std::vector<std::string> texts;
            std::vector<varve_str> views;
            for (int i = 0; i < 300; ++i) {
                texts.push_back("text " + std::to_string(random() % (dictionary ? 9 : 1000000)));
            }
            for (const std::string &text : texts) views.push_back(str(text));
            std::string bytes;
            EncodeContext context{tier, nullptr};
            encode_strings(views.data(), 300, context, bytes);
            std::vector<varve_str> back(300 + kDecodeSlack);
            const auto decode = [&](const std::string &damaged) {
                const ExactBytes exact(damaged);
                Arena arena;
                return decode_strings(exact.view(), 300, Codebooks::none(), arena, back.data())
                    .ok();
            };
            for (size_t size = 0; size < bytes.size(); ++size) {
                EXPECT_FALSE(decode(bytes.substr(0, size))) << size;
            }
            for (int i = 0; i < 1000; ++i) {
                std::string flipped = bytes;
                flipped[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
                decode(flipped);
            }
        }
    }
}

TEST(CodecNumbers, OnTheWire) {
    std::mt19937_64 random = seeded();
    std::vector<uint64_t> numbers = {0, 1, ~0ull, 1ull << 63, (1ull << 63) - 1, 15, 16, 31, 32};
    for (int i = 0; i < 3000; ++i) {
        uint64_t number = random() >> random() % 64;
        if (i % 2 == 0) number = number * kPowersOfTen[random() % kPowersOfTenCount];
        numbers.push_back(i % 3 == 0 ? 0 - number : number);
    }
    for (const uint64_t number : numbers) {
        std::string bytes;
        put_number(bytes, number);
        put_varint(bytes, number);
        EXPECT_LE(bytes.size(), 21u);
        ByteReader in(bytes);
        EXPECT_EQ(get_number(in), number);
        EXPECT_EQ(get_varint(in), number);
        EXPECT_TRUE(in.ok() && in.at_end());
    }
    std::string time;
    put_number(time, 1451606400'000000000);
    EXPECT_EQ(time.size(), 5u);
    ByteReader overlong("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    (void)get_varint(overlong);
    EXPECT_FALSE(overlong.ok());
}

}  // namespace
}  // namespace varve::strata
