// Continuous queries on a clock that the test sets: which windows a run computes, when runs come,
// and what is left of it after a restart.
#include "query/continuous/continuous_queries.hpp"

#include <gtest/gtest.h>

#include "core/auth/clock_env.hpp"
#include "support/memory_catalog.hpp"

namespace varve::query {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMinute = 60 * kSecond;
// A Sunday, at midnight in UTC.
const int64_t kStart = *parse_time("2020-03-08T00:00:00Z");

class Owner final : public Ownership {
  public:
    bool is_mine(const char *job) const override { return not_mine != job; }
    std::string not_mine;
};

class ContinuousQueriesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(catalog_.create_database("d", std::nullopt).ok());
        start();
    }
    void start() {
        queries_ = std::make_unique<ContinuousQueries>(
            catalog_, owner_,
            [this](const influxql::SelectStatement &select, const std::string &database,
                   const std::function<bool()> &is_cancelled) -> Result<uint64_t> {
                EXPECT_EQ(database, "d");
                EXPECT_FALSE(is_cancelled());
                asked_.push_back(to_string(*select.condition));
                if (!error_.ok()) return error_;
                return uint64_t{3};
            },
            env_, log_, metrics_, true);
    }
    void create(const std::string &resample, const std::string &group,
                const std::string &where = "", const std::string &call = "mean(v)") {
        const std::string text = "CREATE CONTINUOUS QUERY cq ON d " + resample + " BEGIN SELECT " +
                                 call + " INTO d.autogen.t FROM d.autogen.m " + where +
                                 " GROUP BY " + group + " END";
        ASSERT_TRUE(catalog_.create_continuous_query("d", "cq", text).ok());
    }
    // What was computed at this instant after the start, as seconds: "0-60 60-120".
    std::string at(int64_t seconds, int64_t nanoseconds = 0) {
        asked_.clear();
        env_.time_ns = kStart + seconds * kSecond + nanoseconds;
        queries_->run_due();
        std::string out;
        for (const std::string &condition : asked_) {
            const size_t from = condition.find("time >= ") + 8;
            const size_t to = condition.find("time < ") + 7;
            const auto number = [&](size_t at) {
                return (std::stoll(condition.substr(at)) - kStart) / kSecond;
            };
            if (!out.empty()) out += ' ';
            out += std::to_string(number(from)) + "-" + std::to_string(number(to));
        }
        return out;
    }

    test::MemoryCatalog catalog_;
    Owner owner_;
    test::ClockEnv env_;
    Log log_{[this](std::string_view line) { lines_.emplace_back(line); }};
    std::vector<std::string> lines_;
    SelfMetrics metrics_;
    std::vector<std::string> asked_;
    Status error_;
    std::unique_ptr<ContinuousQueries> queries_;
};

TEST_F(ContinuousQueriesTest, AWindowIsComputedOnceItIsOver) {
    create("", "time(1m)");
    EXPECT_EQ(at(30), "");
    EXPECT_EQ(at(59, 999'999'999), "");
    EXPECT_EQ(at(60), "0-60");
    EXPECT_EQ(at(61), "");
    EXPECT_EQ(at(119), "");
    EXPECT_EQ(at(121), "60-120");
    EXPECT_EQ(at(300), "120-300");  // the missed ones with it
}

TEST_F(ContinuousQueriesTest, OnTheBoundaryTheFirstRunComputesTheWindowThatEnds) {
    create("", "time(1m)");
    EXPECT_EQ(at(60), "0-60");
}

TEST_F(ContinuousQueriesTest, MoreOftenThanAWindow) {
    create("RESAMPLE EVERY 30s", "time(1m)");
    EXPECT_EQ(at(10), "");
    EXPECT_EQ(at(29), "");
    EXPECT_EQ(at(30), "0-60");  // before it is over
    EXPECT_EQ(at(60), "0-60");
    EXPECT_EQ(at(90), "60-120");
}

TEST_F(ContinuousQueriesTest, LessOftenThanAWindow) {
    create("RESAMPLE EVERY 2m", "time(1m)");
    EXPECT_EQ(at(10), "-60-0");
    EXPECT_EQ(at(60), "");
    EXPECT_EQ(at(120), "0-120");
    EXPECT_EQ(at(180), "");
    EXPECT_EQ(at(241), "120-240");
}

TEST_F(ContinuousQueriesTest, ForReachesBack) {
    create("RESAMPLE FOR 3m", "time(1m)");
    EXPECT_EQ(at(10), "-120-0");
    EXPECT_EQ(at(60), "-120-60");
    EXPECT_EQ(at(120), "-60-120");
}

TEST_F(ContinuousQueriesTest, EveryAndFor) {
    create("RESAMPLE EVERY 30s FOR 2m", "time(1m)");
    EXPECT_EQ(at(60), "-60-60");
    EXPECT_EQ(at(90), "0-120");
    EXPECT_EQ(at(120), "0-120");
}

TEST_F(ContinuousQueriesTest, Offset) {
    create("", "time(1m, 15s)");
    EXPECT_EQ(at(60), "");
    EXPECT_EQ(at(74), "");
    EXPECT_EQ(at(75), "15-75");
    EXPECT_EQ(at(135), "75-135");
}

// Clocks go forward at 07:00 UTC of the first day: it has 23 hours.
TEST_F(ContinuousQueriesTest, LocalDays) {
    ASSERT_TRUE(catalog_
                    .create_continuous_query(
                        "d", "cq",
                        "CREATE CONTINUOUS QUERY cq ON d BEGIN SELECT mean(v) INTO t FROM m GROUP "
                        "BY time(1d) TZ('America/New_York') END")
                    .ok());
    EXPECT_EQ(at(6 * 3600), "");
    EXPECT_EQ(at(27 * 3600), "");
    EXPECT_EQ(at(28 * 3600), "18000-100800");   // 05:00 to 04:00 UTC
    EXPECT_EQ(at(52 * 3600), "100800-187200");  // 24 hours again
}

TEST_F(ContinuousQueriesTest, TimeOfTheQueryDoesNotCount) {
    create("", "time(1m)", "WHERE time > now() - 1h AND host = 'a' OR x > 1");
    at(30);
    at(60);
    ASSERT_EQ(asked_.size(), 1u);
    EXPECT_EQ(asked_[0], "(host = 'a' OR x > 1) AND time >= " + std::to_string(kStart) +
                             " AND time < " + std::to_string(kStart + kMinute));
}

TEST_F(ContinuousQueriesTest, GoesOnWhereItStoodAfterARestart) {
    create("", "time(1m)");
    EXPECT_EQ(at(60), "0-60");
    start();
    EXPECT_EQ(at(119), "");
    start();
    EXPECT_EQ(at(600), "60-600");
}

TEST_F(ContinuousQueriesTest, ManyMissedWindowsComeInParts) {
    create("", "time(1s)");
    EXPECT_EQ(at(0), "-1-0");
    EXPECT_EQ(at(2500), "0-1000 1000-2000 2000-2500");
}

TEST_F(ContinuousQueriesTest, AFailedRunIsReportedAndNotRepeated) {
    create("", "time(1m)");
    at(30);
    error_ = Status(Code::not_found, "database not found: x");
    EXPECT_EQ(at(60), "0-60");
    error_ = Status();
    EXPECT_EQ(at(61), "");
    auto reports = queries_->reports();
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].error, "database not found: x");
    EXPECT_EQ(reports[0].failed_runs, 1u);
    EXPECT_EQ(reports[0].last_run_ns, kStart + kMinute);
    EXPECT_EQ(reports[0].next_run_ns, kStart + 2 * kMinute);
    EXPECT_EQ(at(120), "60-120");
    reports = queries_->reports();
    EXPECT_EQ(reports[0].error, "");
    EXPECT_EQ(reports[0].runs, 2u);
    EXPECT_EQ(reports[0].written, 3u);
    EXPECT_EQ(reports[0].from_ns, kStart + kMinute);
    EXPECT_EQ(reports[0].to_ns, kStart + 2 * kMinute);
    EXPECT_EQ(metrics_.counter("varve_cq_query_ok_total", "").value(), 1);
    EXPECT_EQ(metrics_.counter("varve_cq_query_fail_total", "").value(), 1);
}

TEST_F(ContinuousQueriesTest, WithoutAggregateOrWindowNothingRuns) {
    create("", "time(1m)", "", "v");
    at(30);
    EXPECT_EQ(at(60), "");
    EXPECT_EQ(queries_->reports()[0].error, "continuous queries must be aggregate queries");
    ASSERT_TRUE(catalog_.drop_continuous_query("d", "cq").ok());
    create("", "host", "", "v");
    at(90);
    EXPECT_EQ(at(180), "");
    EXPECT_EQ(queries_->reports()[0].next_run_ns, 0);
    EXPECT_EQ(queries_->reports()[0].error, "");
}

TEST_F(ContinuousQueriesTest, OnlyItsOwner) {
    create("", "time(1m)");
    at(30);
    owner_.not_mine = "continuous_query/d/cq";
    EXPECT_EQ(at(60), "");
    owner_.not_mine.clear();
    EXPECT_EQ(at(61), "0-60");
}

TEST_F(ContinuousQueriesTest, DropEnds) {
    create("", "time(1m)");
    at(30);
    ASSERT_TRUE(catalog_.drop_continuous_query("d", "cq").ok());
    EXPECT_EQ(at(60), "");
    EXPECT_TRUE(queries_->reports().empty());
}

TEST_F(ContinuousQueriesTest, StopLeavesTheRunToTheNextStart) {
    create("", "time(1m)");
    at(30);
    queries_->stop();
    EXPECT_EQ(at(60), "");
    start();
    EXPECT_EQ(at(61), "0-60");
}

}  // namespace
}  // namespace varve::query
