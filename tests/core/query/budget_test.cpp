// What a request may use: its own memory, and its share of the account of all queries.
#include "query/exec/budget.hpp"

#include <gtest/gtest.h>

namespace varve::query::exec {
namespace {

int64_t no_time() {
    return 0;
}

Limits memory_of(uint64_t size_bytes) {
    Limits limits;
    limits.memory = size_bytes;
    return limits;
}

TEST(Budget, ItsOwnMemory) {
    Budget budget(memory_of(100), no_time, {});
    EXPECT_TRUE(budget.charge(60).ok());
    const Status refused = budget.charge(41);
    EXPECT_EQ(refused.code(), Code::resource_exhausted);
    EXPECT_EQ(refused.text(),
              "query.memory limit exceeded: 41 bytes more asked for, 60 of 100 in use");
    EXPECT_EQ(limit_of(refused), "memory");
    EXPECT_TRUE(budget.charge(40).ok());
    budget.release(50);
    EXPECT_TRUE(budget.charge(50).ok());
}

TEST(Budget, TheAccountOfAllQueries) {
    MemoryAccount account("query", 150);
    {
        Budget first(memory_of(100), no_time, {}, &account);
        Budget second(memory_of(100), no_time, {}, &account);
        ASSERT_TRUE(first.charge(100).ok());
        ASSERT_TRUE(second.charge(50).ok());
        const Status refused = second.charge(1);
        EXPECT_EQ(refused.code(), Code::resource_exhausted);
        EXPECT_EQ(limit_of(refused), "all_memory");
        EXPECT_FALSE(first.charge(1).ok());  // its own limit comes first, and takes nothing
        EXPECT_EQ(account.used(), 150u);
        first.release(30);
        EXPECT_EQ(account.used(), 120u);
        ASSERT_TRUE(second.charge(20).ok());
    }
    EXPECT_EQ(account.used(), 0u);  // a budget gives back what it still holds
}

TEST(Budget, LimitsAreToldApart) {
    Limits limits;
    limits.max_select_point = limits.max_select_series = limits.max_select_buckets = 1;
    limits.timeout_ns = 1;
    int64_t now_ns = 0;
    Budget budget(limits, [&] { return now_ns; }, {});
    EXPECT_EQ(limit_of(budget.add_points(2)), "max_select_points");
    EXPECT_EQ(limit_of(budget.add_series(2)), "max_select_series");
    EXPECT_EQ(limit_of(budget.add_buckets(2)), "max_select_buckets");
    EXPECT_EQ(limit_of(budget.check()), "");
    now_ns = 2;
    EXPECT_EQ(limit_of(budget.check()), "timeout");
    EXPECT_EQ(limit_of(Status(Code::cancelled, "query interrupted")), "");
}

}  // namespace
}  // namespace varve::query::exec
