// Errors of the disk: one operation fails, and the engine must go on. Nothing acknowledged is lost,
// what was refused may be there or not, soon everything works again, and a full disk leaves room to
// delete.
//
//   VARVE_SEED=…        repeats a run
//   VARVE_ERROR_RUNS=…  how many faults, 200 if not given
#include "fault_world.hpp"

namespace varve::test {
namespace {

constexpr int kSteps = 40;

// What may be in the engine. Steps that were refused may have happened or not.
class Expected {
  public:
    void note(const Step &step, bool acknowledged) { steps_.push_back({step, acknowledged}); }

    // A complaint, or nothing. Every value of field "i" is the number of its step.
    std::string check(const Dump &dump) const {
        for (size_t i = 0; i < steps_.size(); ++i) {
            for (const Point &point : steps_[i].step.points) {
                std::string complaint = check_point(dump, i, point);
                if (!complaint.empty()) return complaint;
            }
        }
        for (const auto &[key, rows] : dump) {
            for (const auto &[time, fields] : rows) {
                if (!was_sent(key, time, fields)) return key + ": a row that was never sent";
            }
        }
        return "";
    }

  private:
    struct Sent {
        Step step;
        bool acknowledged;
    };
    using Row = std::map<std::string, std::string>;

    static Row row_of(const Point &point) {
        Row row;
        for (const auto &[name, value] : point.fields) {
            row[name + " " + value[0]] = value.substr(2);
        }
        return row;
    }

    // The value of step i's point must be there unless a later step may have taken or replaced it,
    // and must not be there once an acknowledged delete hit it for certain.
    std::string check_point(const Dump &dump, size_t i, const Point &point) const {
        const Row own = row_of(point);
        bool may_be_gone = !steps_[i].acknowledged;
        bool must_be_gone = false;
        for (size_t later = i + 1; later < steps_.size(); ++later) {
            const Step &step = steps_[later].step;
            if (step.hits(point.key, point.time, own)) {
                may_be_gone = true;
                must_be_gone = must_be_gone || steps_[later].acknowledged;
            }
            // A condition may look at another row's value of "i".
            may_be_gone = may_be_gone || (step.kind == Step::Kind::remove && step.at_least >= 0);
        }
        const auto series = dump.find(point.key);
        const bool there = series != dump.end() && series->second.count(point.time) != 0;
        for (const auto &[name, value] : own) {
            const Row *row = there ? &series->second.at(point.time) : nullptr;
            const bool same = row != nullptr && row->count(name) != 0 && row->at(name) == value;
            const std::string what = "step " + std::to_string(i + 1) + ", " + point.key + " at " +
                                     std::to_string(point.time) + ", " + name + "=" + value;
            if (same && must_be_gone) return what + " is there in spite of a delete";
            if (!same && !may_be_gone && !replaced(i, point, name)) return what + " is missing";
        }
        return "";
    }

    // Whether the same field was written at the same place by another point.
    bool replaced(size_t i, const Point &point, const std::string &name) const {
        for (size_t later = i; later < steps_.size(); ++later) {
            for (const Point &other : steps_[later].step.points) {
                if (&other == &point || other.key != point.key || other.time != point.time)
                    continue;
                if (row_of(other).count(name) != 0) return true;
            }
        }
        return false;
    }

    bool was_sent(const std::string &key, int64_t time, const Row &fields) const {
        for (const auto &[name, value] : fields) {
            bool found = false;
            for (const Sent &sent : steps_) {
                for (const Point &point : sent.step.points) {
                    if (point.key != key || point.time != time) continue;
                    const Row row = row_of(point);
                    const auto own = row.find(name);
                    found = found || (own != row.end() && own->second == value);
                }
            }
            if (!found) return false;
        }
        return true;
    }

    std::vector<Sent> steps_;
};

void expect(const Expected &expected, Engine &engine) {
    const auto dump = engine.client().read();
    ASSERT_TRUE(dump.ok()) << dump.status().text();
    EXPECT_EQ(expected.check(*dump), "");
}

// A refused step is tried again some times, as senders do.
bool run_step(const Step &step, StorageClient &client, Expected &expected) {
    for (int attempt = 0; attempt < 20; ++attempt) {
        const Status status = step.run(client);
        if (step.kind != Step::Kind::compact) expected.note(step, status.ok());
        if (status.ok()) return true;
        if (step.kind != Step::Kind::compact) {
            EXPECT_TRUE(status.code() == Code::unavailable ||
                        status.code() == Code::resource_exhausted ||
                        status.code() == Code::io_error)
                << status.text();
        }
        (void)client.compact();
    }
    return false;
}

void run_with_fault(uint64_t seed, uint64_t operation, Fault fault) {
    std::mt19937_64 random(seed);
    SimEnv env(seed);
    Expected expected;
    {
        Engine engine(kStrata, env, "/disk");
        make_small(engine);
        ASSERT_TRUE(engine.start().ok());
        env.fail_at(operation, fault);
        for (int number = 1; number <= kSteps; ++number) {
            const Step step = random_step(random, number);
            EXPECT_TRUE(run_step(step, engine.client(), expected))
                << "one error must not stop the engine for good: " << step.text();
        }
        expect(expected, engine);
        env.fail_at(0, Fault::none);
        const Status status = engine.client().compact();
        EXPECT_TRUE(status.ok()) << status.text();
        expect(expected, engine);
        if (testing::Test::HasFailure()) {
            for (const std::string &line : engine.host().log_lines()) std::puts(line.c_str());
        }
    }
    // Whatever was acknowledged with a sync is on the disk; make_small syncs all on stop.
    env.end_process();
    Engine engine(kStrata, env, "/disk");
    make_quiet(engine);
    const Status status = engine.start();
    ASSERT_TRUE(status.ok()) << status.text();
    expect(expected, engine);
    EXPECT_TRUE(engine.client().scrub().ok());
}

TEST(StrataErrors, OneLosesNothingAcknowledged) {
    const uint64_t seed = chosen_seed();
    const uint64_t runs = number_from("VARVE_ERROR_RUNS", 200);
    static const Fault faults[] = {Fault::io_error, Fault::no_space, Fault::short_write,
                                   Fault::sync_fails};
    std::mt19937_64 random(seed);
    for (uint64_t run = 0; run < runs && !HasFailure(); ++run) {
        // Every early operation and many of the later ones: starts, flushes, merges, drops.
        const uint64_t operation = run < 100 ? run + 1 : 1 + random() % 1200;
        const Fault fault = faults[run % 4];
        SCOPED_TRACE("run " + std::to_string(run) + ", fault " +
                     std::to_string(static_cast<int>(fault)) + " at operation " +
                     std::to_string(operation));
        run_with_fault(seed + run, operation, fault);
    }
}

// A disk with segments, an index and a log, and what is in them.
Dump fill(SimEnv &env, std::mt19937_64 &random) {
    Engine engine(kStrata, env, "/disk");
    make_small(engine);
    EXPECT_TRUE(engine.start().ok());
    Expected ignored;
    for (int number = 1; number <= kSteps; ++number) {
        const Step step = random_step(random, number);
        EXPECT_TRUE(run_step(step, engine.client(), ignored)) << step.text();
    }
    // Whatever the last steps took away.
    for (int64_t row = 0; row < 20; ++row) {
        Step step;
        step.points = {{"end,h=" + std::to_string(row % 3), row, {{"i", "i:1000"}}}};
        EXPECT_TRUE(run_step(step, engine.client(), ignored));
        if (row == 10) {
            EXPECT_TRUE(engine.client().compact().ok());
        }
    }
    return *engine.client().read();
}

enum class Told { refused, reported, nothing };

// Starts an engine and reads everything while one operation fails. `struck`: it came to that.
Told read_with_fault(SimEnv &env, uint64_t operation, const Dump &truth, bool &struck) {
    Engine engine(kStrata, env, "/disk");
    make_quiet(engine);
    engine.host().set("segments_max", 1000);  // a merge would take files away
    env.count_reads(true);
    env.fail_at(operation, Fault::io_error);
    const Status status = engine.start();
    const auto first = status.ok() ? engine.client().read() : Result<Dump>(status);
    struck = !status.ok() || env.operations() >= operation;
    env.fail_at(0, Fault::none);
    env.count_reads(false);
    if (!status.ok()) {  // directories, and the log's new segment
        EXPECT_EQ(status.code(), Code::io_error) << status.text();
        EXPECT_EQ(status.text().find(".vidx"), std::string::npos) << status.text();
        EXPECT_EQ(status.text().find(".vseg"), std::string::npos) << status.text();
        return Told::refused;
    }
    const auto second = engine.client().read();
    EXPECT_TRUE(second.ok()) << second.status().text();
    const bool told = engine.host().metric("varve_storage_quarantined_total") > 0;
    if (!told && second.ok()) {
        EXPECT_EQ(difference(*second, truth), "");
        EXPECT_EQ(difference(first.ok() ? *first : truth, truth), "");
    }
    return told || !first.ok() ? Told::reported : Told::nothing;
}

// One operation fails, reads among them, at the start or while somebody asks: the start goes on
// without a file that can't be read, an answer is right, or an error, or lacks what was reported.
// Nothing is thrown away: what could not be read is there again with the next start, or lies in
// quarantine.
TEST(StrataErrors, AReadThatFailsIsReportedAndForgotten) {
    const uint64_t seed = chosen_seed();
    std::mt19937_64 random(seed);
    SimEnv written(seed);
    const Dump truth = fill(written, random);
    written.end_process();
    std::map<Told, int> counts;
    uint64_t operation = 1;
    for (bool struck = true; struck && !HasFailure(); ++operation) {
        SCOPED_TRACE("operation " + std::to_string(operation));
        const std::unique_ptr<SimEnv> env = written.crash_image(seed);
        ++counts[read_with_fault(*env, operation, truth, struck)];
        env->end_process();
        const std::vector<std::string> files = env->files();
        const bool in_quarantine = std::any_of(
            files.begin(), files.end(),
            [](const std::string &path) { return path.find("/quarantine/") != std::string::npos; });
        Engine engine(kStrata, *env, "/disk");
        make_quiet(engine);
        ASSERT_TRUE(engine.start().ok());
        const auto dump = engine.client().read();
        ASSERT_TRUE(dump.ok()) << dump.status().text();
        if (!in_quarantine) {
            EXPECT_EQ(difference(*dump, truth), "");
        }
    }
    std::printf("%llu operations failed: %d starts refused, %d reported\n",
                static_cast<unsigned long long>(operation - 1), counts[Told::refused],
                counts[Told::reported]);
    EXPECT_GT(counts[Told::reported], 20);
}

// A full disk refuses writes, and still takes deletes and drops, which make room again.
TEST(StrataErrors, AFullDiskLeavesRoomForDeletes) {
    SimEnv env(1);
    Engine engine(kStrata, env, "/disk");
    make_small(engine);
    engine.host().set("free_space_min", 100 << 10);
    ASSERT_TRUE(engine.start().ok());
    env.set_space(600 << 10);
    std::mt19937_64 random(7);
    int written = 0;
    Status status;
    for (; status.ok() && written < 5000; ++written) {
        std::vector<Point> points;
        for (int64_t row = 0; row < 40; ++row) {
            points.push_back({"m,h=" + std::to_string(random() % 4),
                              written * 40 + row,
                              {{"v", "i:" + std::to_string(random())}}});
        }
        status = engine.client().write(points).status;
        for (int again = 0; again < 50 && status.code() == Code::unavailable; ++again) {
            (void)engine.client().compact();
            status = engine.client().write(points).status;
        }
    }
    ASSERT_FALSE(status.ok()) << "the disk was never full";
    EXPECT_TRUE(engine.client().read().ok());
    for (const uint64_t shard : {3, 2}) {
        const WriteAnswer dropped = engine.client().drop_shard(1, 1, shard);
        EXPECT_TRUE(dropped.status.ok()) << dropped.status.text();
    }
    for (int again = 0; again < 50 && !status.ok(); ++again) {
        (void)engine.client().compact();
        status = engine.client().write({{"m,h=0", 5, {{"v", "i:1"}}}}).status;
    }
    EXPECT_TRUE(status.ok()) << status.text();
    env.set_space(0);
    EXPECT_TRUE(engine.client().compact().ok());
    ASSERT_TRUE(engine.restart().ok());
    const auto dump = engine.client().read();
    ASSERT_TRUE(dump.ok());
    for (const auto &[key, rows] : *dump) EXPECT_LT(rows.rbegin()->first, 1000);
}

}  // namespace
}  // namespace varve::test
