#include "model/time.hpp"

#include <gtest/gtest.h>

namespace varve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(Time, Formats) {
    EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_rfc3339(kSecond / 2), "1970-01-01T00:00:00.5Z");
    EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(format_rfc3339(kTimeMin), "1677-09-21T00:12:43.145224194Z");
    EXPECT_EQ(format_rfc3339(kTimeMax), "2262-04-11T23:47:16.854775806Z");
}

TEST(Time, Parses) {
    EXPECT_EQ(*parse_time("1970-01-02"), 86400 * kSecond);
    EXPECT_EQ(*parse_time("1970-01-01 00:00:01.25"), kSecond * 5 / 4);
    EXPECT_EQ(*parse_time("1970-01-01T00:00:01Z"), kSecond);
    EXPECT_EQ(*parse_time("1970-01-01T01:00:01.000000001+01:00"), kSecond + 1);
    for (const char *bad :
         {"", "x", "2000-13-01", "2000-02-30", "2000-01-01T00:00:00", "2000-01-01 25:00:00",
          "2000-01-01 00:00:00.0000000001", "2000-01-01 00:00", "2000-01-01T00:00:00Zx"}) {
        EXPECT_EQ(parse_time(bad).status().text(), "invalid timestamp string") << bad;
    }
    EXPECT_EQ(parse_time("3000-01-01").status().text(),
              "time 3000-01-01T00:00:00Z overflows time literal");
    EXPECT_EQ(parse_time("1000-01-01").status().text(),
              "time 1000-01-01T00:00:00Z underflows time literal");
}

TEST(Time, PrintedTimesParseAgain) {
    for (int64_t time = -5'000'000'000'123'456'789; time < 5'000'000'000'000'000'000;
         time += 123'456'789'012'345'678) {
        EXPECT_EQ(*parse_time(format_rfc3339(time)), time);
    }
}

TEST(TimeZone, NewYork) {
    const Result<TimeZone> zone = TimeZone::find("America/New_York");
    ASSERT_TRUE(zone.ok());
    EXPECT_EQ(zone->offset_ns(*parse_time("2020-03-08T06:59:59Z")), -5 * 3600 * kSecond);
    EXPECT_EQ(zone->offset_ns(*parse_time("2020-03-08T07:00:00Z")), -4 * 3600 * kSecond);
    EXPECT_EQ(format_rfc3339(*parse_time("2020-07-01", *zone), *zone), "2020-07-01T00:00:00-04:00");
}

TEST(TimeZone, Unknown) {
    EXPECT_EQ(TimeZone::find("No/Where").status().text(), "unable to find time zone No/Where");
    EXPECT_TRUE(TimeZone::find("UTC")->is_utc());
}

}  // namespace
}  // namespace varve
