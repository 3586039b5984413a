#include "model/calendar.hpp"

#include <gtest/gtest.h>

namespace varve {
namespace {

constexpr int64_t kHour = 3600LL * 1000000000LL;
constexpr int64_t kDay = 24 * kHour;
const TimeZone kUtc;

int64_t at(std::string_view text) {
    return *parse_time(text);
}

std::string start_at(const CalendarGrid &grid, std::string_view text) {
    return format_rfc3339(grid.start_of(grid.number_of(at(text))));
}

TEST(Calendar, Lengths) {
    EXPECT_EQ(parse_calendar_months("1mo"), 1);
    EXPECT_EQ(parse_calendar_months("2q"), 6);
    EXPECT_EQ(parse_calendar_months("1000y"), 12000);
    EXPECT_EQ(parse_calendar_months("0mo"), 0);
    for (const char *bad : {"mo", "1", "1m", "-1mo", "1mo1d", "1d1mo", "1001y", "12001mo", "1MO",
                            "99999999999999999999y"}) {
        EXPECT_FALSE(parse_calendar_months(bad)) << bad;
    }
    EXPECT_EQ(format_calendar_months(24), "2y");
    EXPECT_EQ(format_calendar_months(6), "2q");
    EXPECT_EQ(format_calendar_months(5), "5mo");
    EXPECT_EQ(format_calendar_months(0), "0mo");
}

TEST(Calendar, StartsOnFirstDays) {
    EXPECT_EQ(start_at({1, 0, kUtc}, "2024-02-29T23:59:59.999999999Z"), "2024-02-01T00:00:00Z");
    EXPECT_EQ(start_at({1, 0, kUtc}, "2024-03-01T00:00:00Z"), "2024-03-01T00:00:00Z");
    EXPECT_EQ(start_at({3, 0, kUtc}, "2024-06-30"), "2024-04-01T00:00:00Z");
    EXPECT_EQ(start_at({12, 0, kUtc}, "1969-12-31T23:59:59Z"), "1969-01-01T00:00:00Z");
    EXPECT_EQ(start_at({48, 0, kUtc}, "2023-07-01"), "2020-01-01T00:00:00Z");
    EXPECT_EQ(start_at({1, 9 * kDay, kUtc}, "2024-03-09"), "2024-02-10T00:00:00Z");
    EXPECT_EQ(start_at({1, -kDay, kUtc}, "2024-02-29"), "2024-02-29T00:00:00Z");
}

TEST(Calendar, FollowsLocalClocks) {
    const TimeZone berlin = *TimeZone::find("Europe/Berlin");
    EXPECT_EQ(start_at({1, 0, berlin}, "2024-06-30T22:00:00Z"), "2024-06-30T22:00:00Z");
    EXPECT_EQ(start_at({1, 0, berlin}, "2024-06-30T21:59:59Z"), "2024-05-31T22:00:00Z");
    EXPECT_EQ(start_at({12, 0, berlin}, "2024-07-01"), "2023-12-31T23:00:00Z");
    // The offset is local, too: clocks change on the 31st.
    EXPECT_EQ(start_at({1, 30 * kDay + 12 * kHour, berlin}, "2024-04-01"), "2024-03-31T10:00:00Z");
}

// On 2009-11-01 clocks went from 00:01 back to 23:01: the month begins once, and does not end
// again.
TEST(Calendar, ClocksSetBackOverTheBegin) {
    const TimeZone newfoundland = *TimeZone::find("America/St_Johns");
    const CalendarGrid grid(1, 0, newfoundland);
    int64_t previous = grid.number_of(at("2009-11-01T02:00:00Z"));
    int changes = 0;
    for (int64_t time = at("2009-11-01T02:00:00Z"); time < at("2009-11-01T05:00:00Z");
         time += 20LL * 1000000000) {
        const int64_t number = grid.number_of(time);
        EXPECT_GE(number, previous);
        EXPECT_LE(grid.start_of(number), time);
        EXPECT_GT(grid.start_of(number + 1), time);
        if (number != previous) ++changes;
        previous = number;
    }
    EXPECT_EQ(changes, 1);
    EXPECT_EQ(start_at(grid, "2009-11-01T04:00:00Z"), "2009-11-01T02:30:00Z");
}

TEST(Calendar, EndsOfTime) {
    for (const int64_t months : {1, 12, 12000}) {
        const CalendarGrid grid(months, 0, kUtc);
        EXPECT_EQ(grid.start_of(grid.number_of(kTimeMin)), kTimeMin);
        EXPECT_EQ(grid.start_of(grid.number_of(kTimeMax) + 1), kTimeMax);
        EXPECT_LT(grid.start_of(grid.number_of(kTimeMax)), kTimeMax);
        EXPECT_EQ(grid.start_of(INT64_MAX / 2), kTimeMax);
        EXPECT_EQ(grid.start_of(INT64_MIN / 2), kTimeMin);
    }
}

}  // namespace
}  // namespace varve
