// Memory accounts: a charge counts everywhere up to the root, or nowhere.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "kernel/memory_account.hpp"

namespace varve {
namespace {

TEST(MemoryAccount, ChargesCountInAllParents) {
    MemoryAccount root("memory", 1000);
    MemoryAccount query("query", 600, &root);
    {
        MemoryAccount one("query 1", 0, &query);
        EXPECT_TRUE(one.charge(500).ok());
        EXPECT_EQ(query.used(), 500u);
        EXPECT_EQ(root.used(), 500u);
        one.release(100);
        EXPECT_EQ(root.used(), 400u);
        EXPECT_TRUE(one.charge(200).ok());  // up to the limit itself
    }
    EXPECT_EQ(query.used(), 0u);  // what was left came back
    EXPECT_EQ(root.used(), 0u);
}

TEST(MemoryAccount, RefusalNamesTheAccountAndLeavesNothing) {
    MemoryAccount root("memory", 1000);
    MemoryAccount write("write", 900, &root);
    MemoryAccount query("query", 600, &root);
    ASSERT_TRUE(query.charge(550).ok());
    const Status own = query.charge(51);
    EXPECT_EQ(own.code(), Code::resource_exhausted);
    EXPECT_EQ(own.text(), "memory account \"query\": 51 bytes asked, 550 of 600 in use");
    const Status parents = write.charge(451);
    EXPECT_EQ(parents.text(), "memory account \"memory\": 451 bytes asked, 550 of 1000 in use");
    EXPECT_EQ(write.used(), 0u);
    EXPECT_EQ(query.used(), 550u);
    EXPECT_EQ(root.used(), 550u);
    EXPECT_TRUE(write.charge(450).ok());
}

TEST(MemoryAccount, AbsurdSizesDoNotWrapAround) {
    MemoryAccount root("memory", 1000);
    ASSERT_TRUE(root.charge(10).ok());
    EXPECT_EQ(root.charge(UINT64_MAX).code(), Code::resource_exhausted);
    EXPECT_EQ(root.charge(UINT64_MAX - 5).code(), Code::resource_exhausted);
    EXPECT_EQ(root.used(), 10u);
}

TEST(MemoryAccount, ReleasingMoreThanWasChargedIsABug) {
    MemoryAccount root("memory", 1000);
    ASSERT_TRUE(root.charge(10).ok());
    EXPECT_DEATH(root.release(11), "BUG: ");
}

TEST(MemoryAccount, SeveralThreadsNeverPassTheLimit) {
    MemoryAccount root("memory", 1000);
    MemoryAccount child("child", 0, &root);
    std::atomic<uint64_t> granted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 2000; ++k) {
                if (!child.charge(300).ok()) continue;
                EXPECT_LE(granted += 300, 1000u);
                granted -= 300;
                child.release(300);
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    EXPECT_EQ(root.used(), 0u);
}

TEST(MemoryAccounts, SharesOfTheRoot) {
    MemoryAccounts accounts(1'000'000);
    EXPECT_EQ(accounts.root().limit(), 1'000'000u);
    EXPECT_EQ(accounts.find("write")->limit(), 250'000u);
    EXPECT_EQ(accounts.find("query")->limit(), 400'000u);
    EXPECT_EQ(accounts.find("other"), nullptr);
    EXPECT_GT(MemoryAccounts(0).root().limit(), uint64_t{1} << 20);
}

}  // namespace
}  // namespace varve
