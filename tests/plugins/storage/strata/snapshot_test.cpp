// Snapshots on disk: taken while writers are at work, they hold a consistent prefix; incremental
// ones leave out what the base has.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/sim_env.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {
namespace {

const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, true};

std::set<std::string> segments_below(const SimEnv &env, const std::string &directory) {
    std::set<std::string> found;
    for (const std::string &path : env.files()) {
        if (path.starts_with(directory + "/") && path.ends_with(".vseg")) {
            found.insert(path.substr(directory.size()));
        }
    }
    return found;
}

// What an engine on a copy of these directories reads, the first one last.
Dump restored(const SimEnv &env, const std::vector<std::string> &directories) {
    SimEnv copy(1);
    for (auto from = directories.rbegin(); from != directories.rend(); ++from) {
        for (const std::string &path : env.files()) {
            if (!path.starts_with(*from + "/") || path.ends_with("/SNAPSHOT")) continue;
            copy.put("/disk/test" + path.substr(from->size()), env.content(path));
        }
    }
    Engine engine(kStrata, copy, "/disk");
    EXPECT_TRUE(engine.start().ok());
    EXPECT_EQ(engine.host().metric("varve_storage_quarantined_total"), 0)
        << engine.client().status_json();
    const auto dump = engine.client().read();
    EXPECT_TRUE(dump.ok()) << dump.status().text();
    EXPECT_EQ(*engine.client().cardinality(StorageClient::schema_request()), dump->size());
    EXPECT_TRUE(engine.client().write({{"more", 1, {{"v", "i:1"}}}}).status.ok());
    return dump.ok() ? *dump : Dump();
}

// Each write puts its number at its time into two series and two shards.
TEST(StrataSnapshot, IsAConsistentPrefixWhileWritersWork) {
    SimEnv env(3);
    Engine engine(kStrata, env, "/disk");
    engine.host().set("memtable_size_max", 8 << 10);
    ASSERT_TRUE(engine.start().ok());
    std::atomic<int> written{0};
    std::atomic<bool> running{true};
    std::thread writer([&] {
        for (int i = 0; running; ++i) {
            const std::string value = "i:" + std::to_string(i);
            const std::vector<Point> points = {
                {"m,h=a", i % 1000, {{"v", value}}},
                {"m,h=b" + std::to_string(i % 50), 1000 + i % 1000, {{"v", value}}}};
            while (running && !engine.client().write(points).status.ok()) std::this_thread::yield();
            written = i + 1;
        }
    });
    for (int round = 0; round < 3; ++round) {
        while (written < (round + 1) * 150) std::this_thread::yield();
        const std::string target = "/copy" + std::to_string(round);
        const int before = written;
        const Status status = engine.client().snapshot(target);
        const int after = written + 1;
        ASSERT_TRUE(status.ok()) << status.text();
        // The highest number is the prefix' end; all below it must be there, unless overwritten.
        const Dump dump = restored(env, {target});
        int last = -1;
        std::map<int64_t, int> in_b;
        for (const auto &[key, rows] : dump) {
            for (const auto &[time, fields] : rows) {
                const int number = std::stoi(fields.at("v i"));
                if (key == "m,h=a") last = std::max(last, number);
                if (key != "m,h=a") in_b[time] = std::max(in_b[time], number);
            }
        }
        EXPECT_GE(last + 1, before);
        EXPECT_LE(last + 1, after);
        for (int i = std::max(0, last - 900); i < before; ++i) {
            EXPECT_GE(std::stoi(dump.at("m,h=a").at(i % 1000).at("v i")), i);
            EXPECT_GE(in_b[1000 + i % 1000], i);
        }
    }
    running = false;
    writer.join();
}

TEST(StrataSnapshot, IncrementalOnesLeaveOutWhatTheBaseHas) {
    SimEnv env(4);
    Engine engine(kStrata, env, "/disk");
    engine.host().set("segments_max", 100);
    engine.host().set("maintenance_interval", 3600'000'000'000);
    ASSERT_TRUE(engine.start().ok());
    for (int i = 0; i < 50; ++i) engine.client().write({{"m,h=a", i, {{"v", "i:1"}}}});
    ASSERT_TRUE(engine.client().snapshot("/base").ok());
    engine.client().write({{"m,h=a", 7, {{"v", "i:2"}}}, {"m,h=b", 1500, {{"v", "i:3"}}}});
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = 1;
    request.measurement = str("m");
    request.from_ns = 10;
    request.to_ns = 20;
    ASSERT_TRUE(engine.client().delete_rows(request).status.ok());
    ASSERT_TRUE(engine.client().snapshot("/more", "/base").ok());
    const auto base = segments_below(env, "/base");
    const auto more = segments_below(env, "/more");
    EXPECT_FALSE(base.empty());
    EXPECT_FALSE(more.empty());
    for (const std::string &path : more) EXPECT_EQ(base.count(path), 0u) << path;
    EXPECT_EQ(restored(env, {"/more", "/base"}), *engine.client().read());
    // A directory that is not empty is left alone.
    EXPECT_EQ(engine.client().snapshot("/base").code(), Code::already_exists);
    EXPECT_EQ(segments_below(env, "/base"), base);
}

}  // namespace
}  // namespace varve::test
