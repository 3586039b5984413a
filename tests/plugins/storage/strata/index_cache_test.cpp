// What is kept comes back; what was not used for longest goes first.
#include <gtest/gtest.h>

#include <string>

#include "storage/strata/segment/index_cache.hpp"

namespace varve::strata {
namespace {

using Place = IndexCache::Place;
using Part = IndexCache::Part;

void keep(IndexCache &cache, const Place &place, const std::string &text, uint64_t size_bytes) {
    cache.keep(place, std::make_shared<const std::string>(text), size_bytes);
}

std::string kept(IndexCache &cache, const Place &place) {
    const auto found = cache.find<std::string>(place);
    return found == nullptr ? "nothing" : *found;
}

TEST(IndexCache, PartsOfOneOffsetAreApart) {
    IndexCache cache(1 << 20);
    const uint64_t one = cache.segment_number();
    const uint64_t other = cache.segment_number();
    ASSERT_NE(one, other);
    keep(cache, {one, Part::leaf, 0, 7}, "leaf", 100);
    keep(cache, {one, Part::stats, 1, 7}, "floats", 100);
    keep(cache, {one, Part::stats, 2, 7}, "integers", 100);
    EXPECT_EQ(kept(cache, {one, Part::leaf, 0, 7}), "leaf");
    EXPECT_EQ(kept(cache, {one, Part::stats, 1, 7}), "floats");
    EXPECT_EQ(kept(cache, {one, Part::stats, 2, 7}), "integers");
    EXPECT_EQ(kept(cache, {one, Part::directory, 0, 7}), "nothing");
    EXPECT_EQ(kept(cache, {other, Part::leaf, 0, 7}), "nothing");
}

TEST(IndexCache, TheLeastRecentlyUsedGoes) {
    IndexCache cache(10'000);
    keep(cache, {1, Part::leaf, 0, 1}, "a", 4'000);
    keep(cache, {1, Part::leaf, 0, 2}, "b", 4'000);
    EXPECT_EQ(kept(cache, {1, Part::leaf, 0, 1}), "a");
    keep(cache, {1, Part::leaf, 0, 3}, "c", 4'000);
    EXPECT_EQ(kept(cache, {1, Part::leaf, 0, 1}), "a");
    EXPECT_EQ(kept(cache, {1, Part::leaf, 0, 2}), "nothing");
    EXPECT_EQ(kept(cache, {1, Part::leaf, 0, 3}), "c");
    EXPECT_LE(cache.size_bytes(), 10'000);
    keep(cache, {1, Part::leaf, 0, 4}, "larger than the cache", 20'000);
    EXPECT_EQ(kept(cache, {1, Part::leaf, 0, 4}), "nothing");
    EXPECT_EQ(kept(cache, {1, Part::leaf, 0, 3}), "c");
}

}  // namespace
}  // namespace varve::strata
