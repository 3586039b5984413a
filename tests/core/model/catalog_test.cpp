#include "model/catalog.hpp"

#include <gtest/gtest.h>

#include "model/time.hpp"

namespace varve {
namespace {

TEST(Catalog, ShardGroupsAreAlignedToTheYearOne) {
    const ShardGroup week = shard_group_range(0, 7 * kDayNs);
    EXPECT_EQ(format_rfc3339(week.from_ns), "1969-12-29T00:00:00Z");
    EXPECT_EQ(week.to_ns - week.from_ns, 7 * kDayNs);
    const ShardGroup hour = shard_group_range(*parse_time("2020-01-01T10:59:59Z"), kHourNs);
    EXPECT_EQ(format_rfc3339(hour.from_ns), "2020-01-01T10:00:00Z");
}

TEST(Catalog, ShardGroupsAreClippedAtTheEndsOfTime) {
    EXPECT_EQ(shard_group_range(kTimeMax, 7 * kDayNs).to_ns, INT64_MAX);
    EXPECT_EQ(shard_group_range(kTimeMin, 7 * kDayNs).from_ns, INT64_MIN);
}

TEST(Catalog, ShardDurations) {
    EXPECT_EQ(default_shard_duration_ns(0), 7 * kDayNs);
    EXPECT_EQ(default_shard_duration_ns(180 * kDayNs), 7 * kDayNs);
    EXPECT_EQ(default_shard_duration_ns(2 * kDayNs), kDayNs);
    EXPECT_EQ(default_shard_duration_ns(2 * kDayNs - 1), kHourNs);
    EXPECT_EQ(effective_shard_duration_ns(1, 0), kHourNs);
}

TEST(Catalog, Names) {
    EXPECT_TRUE(is_valid_catalog_name("my db"));
    for (const char *bad : {"", ".", "..", "a/b", "a\\b", "a\nb"}) {
        EXPECT_FALSE(is_valid_catalog_name(bad)) << bad;
    }
}

TEST(ContinuousQueries08, AreNumberedInTheirDatabaseUpToALimit) {
    std::vector<ContinuousQuery08> queries{{1, 1, "e", 7, "", 0}};
    EXPECT_EQ(*next_number_08(queries, "d"), 1u);
    EXPECT_EQ(*next_number_08(queries, "e"), 8u);
    queries.assign(kContinuousQueries08Max, {1, 1, "d", 7, "", 0});
    EXPECT_EQ(next_number_08(queries, "d").status().text(),
              "a database has no more than 1000 continuous queries");
    EXPECT_TRUE(next_number_08(queries, "e").ok());
}

}  // namespace
}  // namespace varve
