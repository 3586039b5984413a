// Calls that come later.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>

#include "monitor/delayed_calls.hpp"

namespace varve::monitor {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
constexpr int64_t kHourNs = 3600LL * 1'000'000'000;

bool wanted() {
    return true;
}

TEST(DelayedCalls, RunInTheOrderOfTheirTimes) {
    DelayedCalls calls;
    std::vector<int> order;
    std::promise<void> last;
    ASSERT_TRUE(calls.add(
        40 * kMillisecondNs,
        [&] {
            order.push_back(2);
            last.set_value();
        },
        wanted));
    ASSERT_TRUE(calls.add(
        kMillisecondNs, [&] { order.push_back(1); }, wanted));
    last.get_future().wait();
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(DelayedCalls, WhatNobodyWantsEndsEarly) {
    DelayedCalls calls;
    std::promise<void> ended;
    std::atomic<bool> is_wanted{true};
    ASSERT_TRUE(calls.add(
        kHourNs, [&] { ended.set_value(); }, [&] { return is_wanted.load(); }));
    is_wanted = false;
    EXPECT_EQ(ended.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(DelayedCalls, StopRunsWhatWaitsAndTakesNoMore) {
    DelayedCalls calls;
    int ran = 0;
    for (size_t i = 0; i < DelayedCalls::kWaitingMax; ++i) {
        ASSERT_TRUE(calls.add(
            kHourNs, [&] { ++ran; }, wanted));
    }
    EXPECT_FALSE(calls.add(
        kHourNs, [&] { ++ran; }, wanted));
    calls.stop();
    EXPECT_EQ(ran, static_cast<int>(DelayedCalls::kWaitingMax));
    EXPECT_FALSE(calls.add(
        0, [&] { ++ran; }, wanted));
    calls.stop();
}

}  // namespace
}  // namespace varve::monitor
