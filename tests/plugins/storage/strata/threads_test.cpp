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

// Rows of one measurement in all shards; a full queue is no error.
void write_rows(StorageClient &client, const char *name, int i) {
    std::vector<Point> points;
    for (int row = 0; row < 20; ++row) {
        points.push_back({std::string(name) + ",h=" + std::to_string((i + row) % 300),
                          (i * 20 + row) % 3000,
                          {{"v", "i:" + std::to_string(i)}, {"s", "s:text"}}});
    }
    const Status status = client.write(points).status;
    EXPECT_TRUE(status.ok() || status.code() == Code::unavailable) << status.text();
}

// Everything at once. Each thread checks what only it knows; the rest is the sanitizer's.
TEST(StrataThreads, WritesDeletesReadsAndMaintenanceAtOnce) {
    Engine engine(kStrata);
    engine.host().set("memtable_size_max", 24 << 10);
    engine.host().set("segments_max", 2);
    engine.host().set("maintenance_interval", 1'000'000);
    ASSERT_TRUE(engine.start().ok());
    StorageClient &client = engine.client();
    std::atomic<bool> running{true};
    std::vector<std::thread> threads;
    const auto repeat = [&](auto action) {
        threads.emplace_back([&running, action] {
            for (int i = 0; running; ++i) action(i);
        });
    };
    for (const char *name : {"m1", "m2"}) {
        repeat([&client, name](int i) { write_rows(client, name, i); });
    }
    const auto remove = [&client](const char *measurement, int64_t from, int64_t to) {
        varve_delete_request request{};
        request.struct_size = sizeof request;
        request.db_id = 1;
        request.measurement = str(measurement);
        request.from_ns = from;
        request.to_ns = to;
        return client.delete_rows(request).status;
    };
    repeat([&](int i) {
        if (i % 5 == 0) {
            EXPECT_TRUE(client.drop_shard(1, 1, 3).status.ok());
        }
        EXPECT_TRUE(remove("m1", i * 100 % 3000, i * 100 % 3000 + 50).ok());
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
    });
    // Its own measurement: what it wrote is there, what it deleted is not.
    repeat([&](int i) {
        const Status status = client.write({{"own", i % 1000, {{"v", "i:1"}}}}).status;
        if (status.code() == Code::unavailable) return;
        EXPECT_TRUE(status.ok()) << status.text();
        EXPECT_EQ((*client.read({}, nullptr, "own"))["own"].size(), 1u);
        EXPECT_TRUE(remove("own", INT64_MIN, INT64_MAX).ok());
        EXPECT_TRUE(client.read({}, nullptr, "own")->empty());
    });
    for (const char *name : {"m1", "m2"}) {
        repeat([&client, name](int i) {
            ReadSettings settings;
            settings.descending = i % 2 == 0;
            const auto dump = client.read(settings, nullptr, name);
            EXPECT_TRUE(dump.ok()) << dump.status().text();
            const auto request = StorageClient::schema_request();
            EXPECT_TRUE(client.list(StorageClient::List::series, request).ok());
            EXPECT_TRUE(client.cardinality(request).ok());
        });
    }
    repeat([&](int i) {
        EXPECT_TRUE((i % 3 == 0 ? client.scrub() : client.compact(i % 3 == 1)).ok());
        EXPECT_FALSE(client.status_json().empty());
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    std::this_thread::sleep_for(std::chrono::seconds(2));
    running = false;
    for (std::thread &thread : threads) thread.join();
    ASSERT_TRUE(client.compact().ok());
    const auto before = client.read();
    ASSERT_TRUE(before.ok());
    ASSERT_TRUE(engine.restart().ok());
    EXPECT_EQ(*engine.client().read(), *before);
    EXPECT_EQ(engine.host().metric("varve_storage_quarantined_total"), 0);
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
