// Bitmaps of series ids against std::set, and their bytes.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "storage/strata/index/bitmap.hpp"

namespace varve::strata {
namespace {

std::set<uint32_t> to_set(const Bitmap &bitmap) {
    std::set<uint32_t> found;
    bitmap.for_each([&](uint32_t value) { found.insert(value); });
    return found;
}

std::pair<Bitmap, std::set<uint32_t>> random_set(std::mt19937_64 &random) {
    Bitmap bitmap;
    std::set<uint32_t> model;
    for (uint64_t i = random() % 40; i > 0; --i) {
        const auto begin = static_cast<uint32_t>(random() % 400'000);
        const uint32_t size = random() % 3 == 0 ? random() % 8'000 : 1;
        bitmap.add_range(begin, uint64_t{begin} + size);
        for (uint32_t value = begin; value < begin + size; ++value) model.insert(value);
        if (random() % 4 == 0) {
            bitmap.remove(begin);
            model.erase(begin);
        }
    }
    if (random() % 2 == 0) bitmap.run_optimise();
    return {std::move(bitmap), std::move(model)};
}

TEST(Bitmap, AgreesWithASet) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 20; ++round) {
        auto [a, in_a] = random_set(random);
        auto [b, in_b] = random_set(random);
        ASSERT_EQ(to_set(a), in_a);
        ASSERT_EQ(a.cardinality(), in_a.size());
        std::set<uint32_t> both;
        std::set<uint32_t> either = in_a;
        std::set<uint32_t> only_a;
        either.insert(in_b.begin(), in_b.end());
        for (const uint32_t value : in_a) (in_b.contains(value) ? both : only_a).insert(value);
        EXPECT_EQ(to_set(a & b), both);
        EXPECT_EQ(to_set(a | b), either);
        EXPECT_EQ(to_set(a - b), only_a);
        EXPECT_EQ(a.intersects(b), !both.empty());
        EXPECT_EQ(a.and_cardinality(b), both.size());
        EXPECT_EQ((a & b).is_subset_of(a), true);
        EXPECT_EQ(a.count_below(100'000),
                  static_cast<uint64_t>(std::distance(in_a.begin(), in_a.lower_bound(100'000))));
        std::string bytes;
        a.serialise(bytes);
        EXPECT_EQ(bytes.size(), a.serialised_size_bytes());
        const auto again = Bitmap::parse(bytes);
        ASSERT_TRUE(again.ok());
        EXPECT_TRUE(*again == a);
    }
}

TEST(Bitmap, CursorSeeks) {
    const Bitmap bitmap{1, 5, 70'000, 70'001, 4'000'000'000};
    Bitmap::Cursor cursor(bitmap);
    cursor.seek(6);
    uint32_t out[2];
    ASSERT_EQ(cursor.next(out), 2u);
    EXPECT_EQ(out[0], 70'000u);
    ASSERT_EQ(cursor.next(out), 1u);
    EXPECT_EQ(out[0], 4'000'000'000u);
    EXPECT_EQ(cursor.next(out), 0u);
}

TEST(Bitmap, MovedFromIsEmpty) {
    Bitmap a{1, 2};
    const Bitmap b = std::move(a);
    EXPECT_EQ(b.cardinality(), 2u);
    a.clear();
    a.add(3);
    EXPECT_EQ(to_set(a), std::set<uint32_t>{3});
}

TEST(Bitmap, ForeignBytesAreRefusedOrABitmap) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 5; ++round) {
        std::string bytes;
        random_set(random).first.serialise(bytes);
        for (int change = 0; change < 100; ++change) {
            std::string broken = bytes;
            if (random() % 4 == 0) broken.resize(random() % (broken.size() + 1));
            if (!broken.empty())
                broken[random() % std::min<size_t>(broken.size(), 64)] ^= 1 << random() % 8;
            const auto parsed = Bitmap::parse(broken);
            if (parsed.ok()) {
                EXPECT_EQ(to_set(*parsed).size(), parsed->cardinality());
            }
        }
    }
}

}  // namespace
}  // namespace varve::strata
