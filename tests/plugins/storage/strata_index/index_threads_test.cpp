// A writer, a task that flushes, merges and collects, and readers, all at once.
#include <atomic>
#include <thread>

#include "index_world.hpp"

namespace varve::test {
namespace {

std::string key_of(uint32_t number) {
    return "cpu,host=h" + std::to_string(number) + ",region=r" + std::to_string(number % 7);
}

TEST(SeriesIndexThreads, WriterTaskAndReaders) {
    constexpr uint32_t kCount = 20'000;
    IndexWorld world(1);
    strata::IndexOptions options;
    options.merge_files_min = 3;
    ASSERT_TRUE(world.reopen(options).ok());
    strata::SeriesIndex &index = world.index();
    std::mutex database;  // the engine's lock
    std::atomic<bool> done = false;
    std::thread task([&] {
        while (!done) {
            EXPECT_TRUE(index.flush().ok());
            EXPECT_TRUE(index.merge(false).ok());
            {
                const std::lock_guard lock(database);
                index.begin_collect();
            }
            EXPECT_TRUE(index.collect(strata::Bitmap::from_range(0, kCount)).ok());
        }
    });
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 2; ++reader) {
        readers.emplace_back([&, reader] {
            const varve_series_predicate match{VARVE_SERIES_MATCH, 0, str("region"), str("r[13]"),
                                               nullptr};
            const varve_series_predicate equal{VARVE_SERIES_EQ, 0, str("region"), str("r2"),
                                               nullptr};
            std::string key;
            while (!done) {
                const uint32_t end = index.id_end();
                const auto found = index.select("cpu", reader == 0 ? &match : &equal);
                ASSERT_TRUE(found.ok());
                strata::KeyCursor keys(index);
                found->for_each([&](uint32_t id) {
                    EXPECT_TRUE(keys.key_of(id, key).ok() || id >= end);
                    if (id < end) {
                        EXPECT_EQ(key, key_of(id));
                    }
                });
                Listed listed;
                auto request = schema_request();
                request.tag = str("region");
                EXPECT_TRUE(index.list_tag_values(*found, request, listed.sink()).ok());
                (void)index.statistics();
            }
        });
    }
    for (uint32_t round = 0; round < 2; ++round) {
        for (uint32_t number = 0; number < kCount; ++number) {
            const std::lock_guard lock(database);
            const auto id = world.intern(key_of(number));
            ASSERT_TRUE(id.ok());
            ASSERT_EQ(*id, number);
            index.revive(*id);
        }
    }
    done = true;
    task.join();
    for (std::thread &reader : readers) reader.join();
    EXPECT_EQ(index.live_count(), kCount);
    EXPECT_EQ(index.tag_value_count("cpu", "host"), kCount);
}

}  // namespace
}  // namespace varve::test
