// Numbers of points, and the places in a microsecond that they stand for.
#include "common/series_json/point_numbers.hpp"

#include <gtest/gtest.h>

#include <set>

namespace varve::series_json {
namespace {

constexpr int64_t kNow = 1'700'000'000'000'000'000;

TEST(PointNumbers, SlotsFollowTheForm) {
    EXPECT_EQ(slot_of(0), 0);
    EXPECT_EQ(slot_of(7), 7);
    EXPECT_EQ(slot_of(1007), 7);
    EXPECT_EQ(slot_of(10'001), 1);
    EXPECT_EQ(slot_of(20'001), 2);
    EXPECT_EQ(slot_of(20'002), 2);
    EXPECT_EQ(slot_of(10'000'001), 0);
}

TEST(PointNumbers, AThousandPointsOfASeriesHaveTheirOwnSlots) {
    PointNumbers numbers(kNow);
    std::set<int64_t> slots;
    int64_t last = 0;
    for (int i = 0; i < 1000; ++i) {
        const int64_t number = *numbers.next(42);
        EXPECT_EQ(number % 10'000, 1);
        EXPECT_GT(number, last);
        last = number;
        slots.insert(slot_of(number));
        (void)numbers.next(43);  // another series does not disturb it
    }
    EXPECT_EQ(slots.size(), 1000u);
    EXPECT_EQ(slots.count(slot_of(*numbers.next(42))), 1u);
}

TEST(PointNumbers, AnotherPlaceIsFoundInTime) {
    PointNumbers numbers(kNow);
    std::set<int64_t> seen;
    std::set<int64_t> slots;
    for (int i = 0; i < 1000; ++i) {
        const int64_t number = *numbers.next_apart(42);
        seen.insert(number);
        slots.insert(slot_of(number));
    }
    EXPECT_EQ(seen.size(), 1000u);
    EXPECT_EQ(slots.size(), 1000u);
    EXPECT_EQ(seen.count(*numbers.next(42)), 0u);
}

TEST(PointNumbers, ALaterStartBeginsAboveWhatWasGivenOut) {
    PointNumbers first(kNow);
    int64_t last = 0;
    for (int i = 0; i < 2560; ++i) last = *first.next(1);
    PointNumbers second(kNow + 10'000'000'000);
    EXPECT_GT(*second.next(1), last);
    // Doubles, which many clients keep numbers in, hold it exactly.
    EXPECT_LT(*second.next(1), int64_t{1} << 53);
}

TEST(PointNumbers, NoNumberComesAgainAfterARestart) {
    int64_t reserved = 0;
    int reservations = 0;
    bool fails = false;
    const auto reserve = [&](int64_t limit) {
        if (fails) return Status(Code::io_error, "no disk");
        ++reservations;
        reserved = limit;
        return Status();
    };
    PointNumbers first(kNow, reserved, reserve);
    int64_t last = 0;
    for (int i = 0; i < 100'000; ++i) last = *first.next(1);
    EXPECT_EQ(reservations, 1);
    // At once, although far more came than a second has room for.
    PointNumbers second(kNow, reserved, reserve);
    EXPECT_GT(*second.next(1), last);
    EXPECT_EQ(reservations, 2);
    // Another series is within what is reserved; the same one comes to the end of it.
    EXPECT_TRUE(second.next(2).ok());
    fails = true;
    Result<int64_t> made = second.next(1);
    for (int i = 0; i < 2'000'000 && made.ok(); ++i) made = second.next(1);
    EXPECT_EQ(made.status().text(), "no disk");
    EXPECT_LT(*second.next(2), reserved * 10'000);
}

}  // namespace
}  // namespace varve::series_json
