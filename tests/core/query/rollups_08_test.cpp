// Continuous queries of InfluxDB 0.8 on a clock that the test sets: which windows a run computes,
// what failures do, and what is left of it after a restart.
#include "query/continuous/rollups_08.hpp"

#include <gtest/gtest.h>

#include "core/auth/clock_env.hpp"
#include "support/memory_catalog.hpp"

namespace varve::query {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
const int64_t kStart = *parse_time("2020-03-09T00:00:00Z");  // a Monday

class Rollups08Test : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(catalog_.create_database("d", std::nullopt).ok());
        start();
    }
    void start() {
        rollups_ = std::make_unique<Rollups08>(
            catalog_, owner_,
            [this](const influxql08::Rollup &rollup, const std::string &database,
                   const plan::TimeRange &range, const std::function<bool()> &is_cancelled) {
                EXPECT_EQ(database, "d");
                EXPECT_EQ(rollup.select.from.text, "m");
                EXPECT_FALSE(is_cancelled());
                return run(range);
            },
            env_, log_, metrics_, false);
    }
    Result<uint64_t> run(const plan::TimeRange &range) {
        const int64_t from = (range.min_ns - kStart) / kSecond;
        const int64_t to = (range.max_ns + 1 - kStart) / kSecond;
        asked_ += (asked_.empty() ? "" : " ") + std::to_string(from) + "-" + std::to_string(to);
        env_.time_ns += cost_ns_;
        if (stops_) rollups_->stop();
        if (!error_.ok() && to - from >= fails_from_) return error_;
        return uint64_t{2};
    }
    void create(const std::string &group, const std::string &behind = "") {
        const auto made = catalog_.create_continuous_query_08(
            "d", "select mean(v) from m group by " + group + " into t" + behind,
            behind.empty() ? kTimeMin : env_.time_ns);
        ASSERT_TRUE(made.ok());
    }
    void shard_at(int64_t seconds) {
        const Database database = *catalog_.database("d");
        ASSERT_TRUE(catalog_
                        .ensure_shard_group(database.id, database.policies[0].id,
                                            kStart + seconds * kSecond)
                        .ok());
    }
    // What was computed at this instant after the start, in seconds: "0-60 60-120".
    std::string at(int64_t seconds) {
        asked_.clear();
        env_.time_ns = kStart + seconds * kSecond;
        rollups_->run_due();
        return asked_;
    }
    ContinuousQueryReport report() { return rollups_->reports().at(0); }

    test::MemoryCatalog catalog_;
    SingleNodeOwnership owner_;
    test::ClockEnv env_;
    std::vector<std::string> lines_;
    Log log_{[this](std::string_view line) { lines_.emplace_back(line); }};
    SelfMetrics metrics_;
    std::string asked_;
    Status error_;
    int64_t fails_from_ = 0;  // seconds of a piece
    int64_t cost_ns_ = 0;     // of a piece
    bool stops_ = false;
    std::unique_ptr<Rollups08> rollups_;
};

TEST_F(Rollups08Test, WindowsAreComputedOnceTheyAreOver) {
    env_.time_ns = kStart + 30 * kSecond;
    create("time(1m)", " backfill(false)");
    shard_at(0);
    EXPECT_EQ(at(59), "");
    EXPECT_EQ(at(60), "0-60");
    EXPECT_EQ(at(61), "");
    EXPECT_EQ(at(119), "");
    EXPECT_EQ(at(125), "60-120");
    EXPECT_EQ(at(300), "120-300");
    EXPECT_EQ(report().language, "influxql08");
    EXPECT_EQ(report().name, "1");
    EXPECT_EQ(report().runs, 3u);
    EXPECT_EQ(report().written, 2u);
    EXPECT_EQ(report().from_ns, kStart + 120 * kSecond);
    EXPECT_EQ(report().to_ns, kStart + 300 * kSecond);
    EXPECT_EQ(report().next_run_ns, kStart + 360 * kSecond);
    EXPECT_EQ(metrics_.counter("varve_cq_query_ok_total", "").value(), 3);
}

// A shard group is a week, from Monday to Monday.
TEST_F(Rollups08Test, AllThePastIsComputedWhereThereAreShards) {
    create("time(1d)");
    constexpr int64_t kWeek = 7 * 86400;
    shard_at(-10 * kWeek);
    shard_at(-2 * kWeek);
    shard_at(0);
    EXPECT_EQ(at(86400 + 5), "-6048000--5443200 -1209600--604800 0-86400");
    EXPECT_EQ(at(86400 + 6), "");
    EXPECT_EQ(catalog_.continuous_queries_08()->at(0).last_run_ns, kStart + 86400 * kSecond);
}

TEST_F(Rollups08Test, WithoutShardsThereIsNothingToCompute) {
    create("time(1m)");
    EXPECT_EQ(at(30), "");
    EXPECT_EQ(catalog_.continuous_queries_08()->at(0).last_run_ns, kStart);
    shard_at(0);
    EXPECT_EQ(at(60), "0-60");
}

TEST_F(Rollups08Test, ManyWindowsComeInPiecesAndTurns) {
    create("time(1s)");
    create("time(1h)");
    shard_at(0);
    EXPECT_EQ(at(3600), "0-1000 1000-2000 2000-3000 3000-3600 0-3600");
    // When a turn is over the other query has its own.
    cost_ns_ = kRollupTurnNs;
    EXPECT_EQ(at(7200), "3600-4600 3600-7200 4600-5600 5600-6600 6600-7204");
}

TEST_F(Rollups08Test, CalendarAndWeeks) {
    create("time(1M)");
    create("time(1w)");
    for (int64_t day = -31; day <= 0; ++day) shard_at(day * 86400);
    // From the first of February, and from Sundays.
    const std::string asked = at(0);
    EXPECT_EQ(asked.substr(0, asked.find(' ')), "-3196800--691200");
    EXPECT_NE(asked.find("-691200--86400"), std::string::npos) << asked;
}

TEST_F(Rollups08Test, GoesOnWhereItStoodAfterARestart) {
    create("time(1s)");
    shard_at(0);
    stops_ = true;
    EXPECT_EQ(at(2500), "0-1000");
    stops_ = false;
    start();
    EXPECT_EQ(report().runs, 0u);
    EXPECT_EQ(at(2500), "0-1000 1000-2000 2000-2500");
    start();
    EXPECT_EQ(at(2500), "");
    EXPECT_EQ(at(2501), "2500-2501");
}

TEST_F(Rollups08Test, WhatAsksForTooMuchIsTriedWithLess) {
    create("time(1s)");
    shard_at(0);
    error_ = Status(Code::resource_exhausted, "too much");
    fails_from_ = 100;
    EXPECT_EQ(at(25), "0-25");
    EXPECT_EQ(at(250),
              "25-250 25-125 25-35 35-45 45-55 55-65 65-75 75-85 85-95 95-105 105-115 "
              "115-125 125-135 135-145 145-155 155-165 165-175 175-185 185-195 195-205 "
              "205-215 215-225 225-235 235-245 245-250");
    EXPECT_EQ(report().error, "");
    EXPECT_EQ(report().failed_runs, 2u);
    // A window that fails alone is passed over.
    fails_from_ = 0;
    EXPECT_EQ(at(252), "250-252 250-251 251-252");
    EXPECT_EQ(report().error, "too much");
    EXPECT_EQ(at(252), "");
}

TEST_F(Rollups08Test, WhatMayPassIsTriedAgain) {
    create("time(1m)");
    shard_at(0);
    error_ = Status(Code::unavailable, "stopping");
    EXPECT_EQ(at(60), "0-60");
    EXPECT_EQ(at(61), "");
    error_ = Status();
    EXPECT_EQ(at(70), "0-60");
    EXPECT_EQ(report().error, "");
}

TEST_F(Rollups08Test, WhatWouldFailAgainIsPassedOverAndLoggedOnce) {
    create("time(1m)");
    shard_at(0);
    error_ = Status(Code::not_found, "Couldn't find series: m");
    EXPECT_EQ(at(60), "0-60");
    EXPECT_EQ(at(61), "");
    EXPECT_EQ(at(120), "60-120");
    EXPECT_EQ(report().error, "Couldn't find series: m");
    EXPECT_EQ(report().failed_runs, 2u);
    EXPECT_EQ(lines_.size(), 1u);
    EXPECT_EQ(metrics_.counter("varve_cq_query_fail_total", "").value(), 2);
}

TEST_F(Rollups08Test, ShardsOfEveryPolicyCount) {
    create("time(1h)");
    RetentionPolicySpec spec;
    spec.name = "week";
    spec.duration_ns = 7 * kDayNs;
    spec.shard_duration_ns = kDayNs;
    ASSERT_TRUE(catalog_.create_retention_policy("d", spec).ok());
    const Database database = *catalog_.database("d");
    for (const int64_t day : {-9, 1}) {
        const int64_t time_ns = kStart + day * kDayNs;
        ASSERT_TRUE(
            catalog_.ensure_shard_group(database.id, database.policy("week")->id, time_ns).ok());
    }
    shard_at(0);
    EXPECT_EQ(at(3 * 86400), "-777600--691200 0-259200");
    EXPECT_EQ(at(3 * 86400 + 3600), "259200-262800");
}

TEST_F(Rollups08Test, ThoseThatCopyAreListedAndDroppedOnesAreForgotten) {
    ASSERT_TRUE(catalog_.create_continuous_query_08("d", "select * from m into t", 0).ok());
    create("time(1m)");
    shard_at(0);
    EXPECT_EQ(at(60), "0-60");
    EXPECT_EQ(report().text, "select * from m into t");
    EXPECT_EQ(report().next_run_ns, 0);
    EXPECT_EQ(rollups_->reports().at(1).name, "2");
    ASSERT_TRUE(catalog_.drop_continuous_query_08("d", 1).ok());
    ASSERT_TRUE(catalog_.drop_continuous_query_08("d", 2).ok());
    EXPECT_EQ(at(120), "");
    EXPECT_TRUE(rollups_->reports().empty());
}

}  // namespace
}  // namespace varve::query
