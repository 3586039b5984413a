// Flipped bits in every kind of file: logs with rows, deletes and drops, manifests with deletes,
// index files, segments of both tiers with own and packed groups of every type. The engine gives
// the same answer or reports the damage; it never gives a wrong value, never crashes, always
// starts.
//
//   VARVE_FLIPS=…  how many bytes of each file are flipped, about 100 if not given
#include <algorithm>

#include "fault_world.hpp"

namespace varve::test {
namespace {

using Files = std::map<std::string, std::string>;

varve_delete_request delete_of(const char *measurement, int64_t from, int64_t to) {
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = 1;
    request.measurement = str(measurement);
    request.from_ns = from;
    request.to_ns = to;
    return request;
}

// Rows of every type: one series long enough for a group of its own, many short ones.
std::vector<Point> rows_of_every_type(int64_t base) {
    std::vector<Point> points;
    for (int i = 0; i < 700; ++i) {
        Point point{i < 400 ? "m,h=long" : "m,h=" + std::to_string(i % 60), base + i, {}};
        point.fields["f"] = "f:" + std::to_string(i * 7 % 100) + ".25";
        point.fields["i"] = "i:" + std::to_string(i * i % 1000 - 500);
        if (i % 3 == 0) point.fields["u"] = "u:" + std::to_string(i % 5);
        if (i % 2 == 0) point.fields["b"] = i % 4 == 0 ? "b:1" : "b:0";
        point.fields["s"] = "s:text " + std::to_string(i % 9);
        points.push_back(std::move(point));
    }
    return points;
}

// Fills a disk; `states` are what was readable after each step. The last kLogStates of them are in
// the log only.
constexpr int kLogStates = 6;
Files make_disk(std::vector<Dump> &states) {
    SimEnv env(7);
    Engine engine(kStrata, env, "/disk");
    make_quiet(engine);
    engine.host().set("wal_segment_size", 64 << 10);
    engine.host().set("memtable_size_max", 1 << 20);
    EXPECT_TRUE(engine.start().ok());
    StorageClient &client = engine.client();
    const auto note = [&] { states.push_back(*client.read()); };
    client.write(rows_of_every_type(0));
    client.write(rows_of_every_type(2000));
    note();
    EXPECT_TRUE(client.compact().ok());  // dense
    EXPECT_TRUE(client.snapshot("/flush").ok());
    client.write(rows_of_every_type(2400));
    note();
    EXPECT_TRUE(client.snapshot("/flush2").ok());  // flushes only: the fast tier
    EXPECT_TRUE(client.delete_rows(delete_of("m", 2100, 2200)).status.ok());
    EXPECT_TRUE(client.snapshot("/flush3").ok());  // the delete is in the manifest
    note();
    client.write(
        {{"m,h=new", 3000, {{"f", "f:1"}, {"s", "s:x"}}}, {"m,h=1", 1001, {{"b", "b:1"}}}});
    note();
    EXPECT_TRUE(client.delete_rows(delete_of("m", 300, 320)).status.ok());
    note();
    client.write({{"n", 3001, {{"i", "i:1"}}}});
    note();
    EXPECT_TRUE(client.drop_shard(1, 1, 2).status.ok());
    note();
    client.write({{"n", 3002, {{"i", "i:2"}}}});
    note();
    Files files;
    for (const std::string &path : env.files()) {
        if (path.starts_with("/disk/")) files[path] = env.content(path);
    }
    return files;
}

// A value that was never at its place, as text; with a file missing, values that were deleted or
// replaced later may show.
std::string wrong_value(const Dump &dump, const std::vector<Dump> &states) {
    for (const auto &[key, rows] : dump) {
        for (const auto &[time, fields] : rows) {
            for (const auto &field : fields) {
                const bool known =
                    std::any_of(states.begin(), states.end(), [&](const Dump &state) {
                        const auto series = state.find(key);
                        if (series == state.end()) return false;
                        const auto row = series->second.find(time);
                        if (row == series->second.end()) return false;
                        const auto own = row->second.find(field.first);
                        return own != row->second.end() && own->second == field.second;
                    });
                if (!known) return key + " at " + std::to_string(time) + ", " + field.first;
            }
        }
    }
    return "";
}

class Flips {
  public:
    Flips() : files_(make_disk(states_)) {}

    void run(uint64_t wanted) {
        for (const auto &[path, content] : files_) {
            const uint64_t step = std::max<uint64_t>(1, content.size() / wanted);
            for (uint64_t at = 0; at < content.size() && !testing::Test::HasFailure();
                 at += content[at] == 0 ? step * 2 : step) {
                flip(path, at);
            }
        }
        EXPECT_GT(same_, 0);
        EXPECT_GT(reported_, 0);
        std::printf("%d flips did no harm, %d were reported\n", same_, reported_);
    }

  private:
    void flip(const std::string &path, uint64_t at) {
        SCOPED_TRACE(path + " at " + std::to_string(at) + " of " +
                     std::to_string(files_[path].size()));
        SimEnv env(at);
        for (const auto &[other, bytes] : files_) env.put(other, bytes);
        env.flip(path, at, static_cast<uint8_t>(1u << (at % 8)));
        Engine engine(kStrata, env, "/disk");
        make_quiet(engine);
        engine.host().set("segments_max", 1000);  // a merge would take the damaged file away
        const Status status = engine.start();
        ASSERT_TRUE(status.ok()) << status.text();
        const bool at_start = engine.host().metric("varve_storage_quarantined_total") > 0;
        const auto dump = engine.client().read();
        const bool right = dump.ok() && *dump == states_.back();
        const bool in_log = path.find(".vwal") != std::string::npos;
        bool told = at_start || !dump.ok();
        if (!right && !told && in_log) {
            // The end of the log may be torn: then it is as if its last frames had never come.
            told = std::find(states_.end() - kLogStates, states_.end(), *dump) != states_.end();
        }
        EXPECT_TRUE(right || told) << difference(*dump, states_.back());
        if (dump.ok() && !right) {
            EXPECT_EQ(wrong_value(*dump, states_), "");
        }
        ++(right ? same_ : reported_);
        const bool checked = path.ends_with(".vseg") || path.ends_with(".vidx");
        if (!checked || at_start) return;
        // Files that are covered by checksums from end to end: scrubbing finds it, and sets the
        // file aside, so that the next one is clean.
        EXPECT_FALSE(engine.client().scrub().ok());
        EXPECT_TRUE(engine.client().scrub().ok());
        const auto after = engine.client().read();
        EXPECT_TRUE(after.ok()) << after.status().text();
    }

    std::vector<Dump> states_;
    Files files_;
    int same_ = 0;
    int reported_ = 0;
};

TEST(StrataFlips, NeverGiveAWrongValue) {
    Flips().run(number_from("VARVE_FLIPS", 100));
}

// verify() reads the same files without an engine on them.
TEST(StrataFlips, VerifyReportsDamagedFiles) {
    std::vector<Dump> states;
    const Files files = make_disk(states);
    for (const auto &[damaged, content] : files) {
        SCOPED_TRACE(damaged);
        SimEnv env(1);
        for (const auto &[path, bytes] : files) env.put("/copy" + path, bytes);
        Engine engine(kStrata, env, "/other");
        ASSERT_TRUE(engine.start().ok());
        std::string report;
        EXPECT_TRUE(engine.client().verify("/copy/disk/test", &report).ok()) << report;
        // The first page of each file, and the log's first frame.
        const bool log = damaged.ends_with(".vwal");
        if (damaged.find("/trash/") != std::string::npos) continue;
        if (log && content.find("text 1") == std::string::npos &&
            content.find("h=new") == std::string::npos) {
            continue;  // a spare without frames
        }
        env.flip("/copy" + damaged, log ? 4096 + 40 : 1, 1);
        EXPECT_EQ(engine.client().verify("/copy/disk/test", &report).code(), Code::data_loss);
        EXPECT_NE(report.find(damaged), std::string::npos) << report;
    }
}

}  // namespace
}  // namespace varve::test
