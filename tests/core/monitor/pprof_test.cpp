// Profiles and names of addresses.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

#include "monitor/pprof/cpu_profile.hpp"
#include "monitor/pprof/memory_profile.hpp"
#include "monitor/pprof/symbols.hpp"

namespace varve::monitor {

// Not in an unnamed namespace: its name is looked up.
[[gnu::noinline]] uint64_t burn_cpu(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    uint64_t sum = 0;
    while (std::chrono::steady_clock::now() < end) {
        for (uint64_t i = 0; i < 1000; ++i) sum = sum * 31 + i;
    }
    return sum;
}

namespace {

TEST(CpuProfile, IsOneAtATimeAndHasTheFormatOfPprof) {
    auto profile = CpuProfile::start();
    ASSERT_TRUE(profile.ok());
    EXPECT_EQ(CpuProfile::start().status().code(), Code::already_exists);
    EXPECT_NE(burn_cpu(std::chrono::milliseconds(200)), 0u);
    const auto bytes = (*profile)->finish();
    ASSERT_TRUE(bytes.ok());
    // Header: 0, words that follow, version 0, period in µs, 0; then (count, depth, frames…).
    uint64_t words[5];
    ASSERT_GT(bytes->size(), sizeof words);
    std::memcpy(words, bytes->data(), sizeof words);
    EXPECT_EQ(words[0], 0u);
    EXPECT_EQ(words[1], 3u);
    EXPECT_GT(words[3], 0u);
    EXPECT_GT(bytes->size(), sizeof words + 3 * sizeof(uint64_t));
    EXPECT_NE(bytes->find("/test_pprof"), std::string::npos);  // the mapped libraries
    EXPECT_TRUE(CpuProfile::start().ok());
}

TEST(Symbols, NameFunctionsOfTheProgramAndOfLibraries) {
    Symbols symbols;
    const auto here = reinterpret_cast<uint64_t>(&burn_cpu);
    EXPECT_TRUE(symbols.name(here + 1).starts_with("varve::monitor::burn_cpu("));
    EXPECT_EQ(symbols.name(reinterpret_cast<uint64_t>(&std::qsort)).substr(0, 5), "qsort");
    EXPECT_EQ(symbols.name(0x10), "");
    int on_the_stack = 0;
    EXPECT_EQ(symbols.name(reinterpret_cast<uint64_t>(&on_the_stack)), "");
}

TEST(MemoryProfile, ShowsWhatAccountsWereCharged) {
    MemoryAccounts accounts(1 << 30);
    ASSERT_TRUE(accounts.find("query")->charge(12345).ok());
    const std::string text = memory_profile(accounts);
    EXPECT_TRUE(text.starts_with("heap profile: "));
    const size_t line = text.find("\n1: 12345 [1: 12345] @ 0x");
    ASSERT_NE(line, std::string::npos);
    const uint64_t frame = std::stoull(text.substr(text.find("0x", line)), nullptr, 16);
    EXPECT_EQ(memory_frame_name(frame), "account:query");
    EXPECT_EQ(memory_frame_name(frame - 1), "account:query");
    EXPECT_NE(text.find("\nMAPPED_LIBRARIES:\n"), std::string::npos);
    EXPECT_EQ(text.find("] @ 0x1000\n"), std::string::npos);  // nothing was charged to write
    EXPECT_EQ(memory_frame_name(0x10), "");
    EXPECT_EQ(memory_frame_name(0x401000), "");
    accounts.find("query")->release(12345);
}

}  // namespace
}  // namespace varve::monitor
