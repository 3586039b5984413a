// Runs the catalog's continuous queries when they are due.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "kernel/host/services.hpp"
#include "kernel/log.hpp"
#include "kernel/self_metrics.hpp"
#include "model/catalog.hpp"
#include "query/continuous/schedule.hpp"

namespace varve::query {

// What is known of one query since the server started, but for the schedule, which outlives it.
struct ContinuousQueryReport {
    std::string language = "influxql";
    std::string database;
    std::string name;
    std::string text;
    int64_t last_run_ns = 0;  // 0 = it did not run yet
    int64_t from_ns = 0;      // what the last run computed
    int64_t to_ns = 0;
    int64_t next_run_ns = 0;  // 0 = it never will
    int64_t duration_ns = 0;  // of the last run
    uint64_t written = 0;     // points of the last run
    uint64_t runs = 0;
    uint64_t failed_runs = 0;
    std::string error;  // of the last run; empty = it went well
};

// A run that has missed more windows computes this many at a time.
inline constexpr int64_t kWindowsAtATime = 1000;

class ContinuousQueries {
  public:
    // Runs a SELECT INTO as the server itself and says how many points it wrote; ends early once
    // is_cancelled.
    using Run = std::function<Result<uint64_t>(const influxql::SelectStatement &select,
                                               const std::string &database,
                                               const std::function<bool()> &is_cancelled)>;

    // Everything lives longer. `log_runs`: one line per run.
    ContinuousQueries(Catalog &catalog, const Ownership &ownership, Run run, Env &env, Log &log,
                      SelfMetrics &metrics, bool log_runs);

    // [worker] Every query whose time has come, one after the other. One call at a time.
    void run_due();
    // [any] Makes a run under way end early; the next start takes it up again.
    void stop() { stopping_ = true; }
    // [any] In the catalog's order.
    std::vector<ContinuousQueryReport> reports() const;

  private:
    struct Known {
        std::string text;  // what `statement` was read from
        influxql::Statement statement;
        Schedule schedule;
        ContinuousQueryReport report;
    };

    Known &known(const ContinuousQuery &query);  // under mutex_
    // False: stopped in the middle.
    bool run_one(const ContinuousQuery &query, const DueRun &due);
    void finish(const ContinuousQuery &query, const DueRun &due, const ContinuousQueryReport &run);

    Catalog &catalog_;
    const Ownership &ownership_;
    const Run run_;
    Env &env_;
    Log &log_;
    SelfMetric &ok_;
    SelfMetric &failed_;
    const bool log_runs_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::map<uint64_t, Known> known_;  // by id; guarded by mutex_
};

// The select over [from_ns, to_ns) instead of what it says of time.
Result<influxql::SelectStatement> select_between(const influxql::SelectStatement &select,
                                                 int64_t from_ns, int64_t to_ns);

}  // namespace varve::query
