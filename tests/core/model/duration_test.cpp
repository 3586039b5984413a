#include "model/duration.hpp"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(Duration, GoText) {
    EXPECT_EQ(format_go_duration(0), "0s");
    EXPECT_EQ(format_go_duration(1), "1ns");
    EXPECT_EQ(format_go_duration(1500), "1.5µs");
    EXPECT_EQ(format_go_duration(100'000'000), "100ms");
    EXPECT_EQ(format_go_duration(1'500'000'000), "1.5s");
    EXPECT_EQ(format_go_duration(61'000'000'000), "1m1s");
    EXPECT_EQ(format_go_duration(604'800'000'000'000), "168h0m0s");
    EXPECT_EQ(format_go_duration(-1'000'000'000), "-1s");
    EXPECT_EQ(format_go_duration(INT64_MIN), "-2562047h47m16.854775808s");
}

TEST(Duration, InfluxText) {
    EXPECT_EQ(format_influx_duration(0), "0s");
    EXPECT_EQ(format_influx_duration(604'800'000'000'000), "1w");
    EXPECT_EQ(format_influx_duration(90'000'000'000), "90s");
    EXPECT_EQ(format_influx_duration(1'500'000), "1500u");
    EXPECT_EQ(format_influx_duration(7), "7ns");
}

TEST(Duration, Parses) {
    EXPECT_EQ(*parse_influx_duration("1h30m"), 5'400'000'000'000);
    EXPECT_EQ(*parse_influx_duration("5µ"), 5000);
    EXPECT_EQ(*parse_influx_duration("5u10ns"), 5010);
    EXPECT_EQ(*parse_influx_duration("-2ms"), -2'000'000);
    EXPECT_EQ(*parse_influx_duration("2w3d"), 17 * 86'400'000'000'000);
    for (const char *bad : {"", "1", "s", "1x", "1s2", "1.5s", "--1s", "1y", "-", "1n"}) {
        EXPECT_EQ(parse_influx_duration(bad).status().text(), "invalid duration") << bad;
    }
    EXPECT_EQ(parse_influx_duration("16000w").status().text(),
              "overflowed duration 16000w: choose a smaller duration or INF");
}

}  // namespace
}  // namespace varve
