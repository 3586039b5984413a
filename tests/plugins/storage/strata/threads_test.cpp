// Several writers and readers at once, with flushes and merges going on; run under TSan too.
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {
namespace {

const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, true};

// Writer w writes rows w, w + 4, w + 8 …, each with the same number in two series.
TEST(StrataThreads, ReadersSeeWholeWritesAndOnlyMore) {
    Engine engine(kStrata);
    engine.host().set("memtable_size_max", 40 << 10);
    engine.host().set("segments_max", 2);
    engine.host().set("maintenance_interval", 1'000'000);
    ASSERT_TRUE(engine.start().ok());
    constexpr int kWriters = 3;
    constexpr int kWrites = 100;
    std::atomic<int> running{kWriters};
    std::vector<std::thread> threads;
    for (int w = 0; w < kWriters; ++w) {
        threads.emplace_back([&, w] {
            for (int i = 0; i < kWrites; ++i) {
                const int64_t time = i * kWriters + w;
                const std::string value = "i:" + std::to_string(time);
                WriteSettings settings;
                settings.durability = 1 + static_cast<uint32_t>(i % 3);
                const std::vector<Point> points = {{"m,h=a", time, {{"v", value}}},
                                                   {"m,h=b", 1000 + time, {{"v", value}}}};
                auto answer = engine.client().write(points, settings);
                while (answer.status.code() == Code::unavailable) {  // flushes lag behind
                    std::this_thread::yield();
                    answer = engine.client().write(points, settings);
                }
                EXPECT_TRUE(answer.status.ok()) << answer.status.text();
            }
            --running;
        });
    }
    std::thread dropper([&] {
        while (running > 0) {
            (void)engine.client().write({{"other", 5000, {{"v", "i:1"}}}});
            (void)engine.client().drop_shard(1, 1, 3);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    size_t before = 0;
    while (running > 0) {
        auto dump = engine.client().read({}, nullptr, "m");
        ASSERT_TRUE(dump.ok()) << dump.status().text();
        const auto &a = (*dump)["m,h=a"];
        const auto &b = (*dump)["m,h=b"];
        ASSERT_EQ(a.size(), b.size()) << "a write is visible in part";
        ASSERT_GE(a.size(), before);
        before = a.size();
        for (const auto &[time, fields] : a) ASSERT_EQ(fields.at("v i"), std::to_string(time));
    }
    for (std::thread &thread : threads) thread.join();
    dropper.join();
    ASSERT_TRUE(engine.client().compact().ok());
    ASSERT_TRUE(engine.restart().ok());
    auto dump = engine.client().read({}, nullptr, "m");
    ASSERT_TRUE(dump.ok());
    EXPECT_EQ((*dump)["m,h=a"].size(), size_t{kWriters * kWrites});
}

TEST(StrataThreads, MemoryLimitRefusesCleanlyAndRecovers) {
    Engine engine(kStrata);
    engine.host().set("memtable_size_max", 1 << 20);
    engine.host().set("maintenance_interval", 3600'000'000'000);
    engine.host().set_memory_limit("write", 256 << 10);
    ASSERT_TRUE(engine.start().ok());
    Status status;
    int64_t writes = 0;
    std::vector<Point> points(200, {"m", 0, {{"v", "f:1"}}});
    for (; status.ok() && writes < 100; ++writes) {
        for (Point &point : points) ++point.time;
        status = engine.client().write(points).status;
    }
    EXPECT_EQ(status.code(), Code::resource_exhausted) << status.text();
    ASSERT_TRUE(engine.client().compact().ok());
    EXPECT_LT(engine.host().memory_used("write"), uint64_t{64} << 10);
    EXPECT_TRUE(engine.client().write(points).status.ok());
}

}  // namespace
}  // namespace varve::test
