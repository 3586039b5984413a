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
#include "model/catalog.hpp"
#include "query/continuous/run_report.hpp"
#include "query/continuous/schedule.hpp"

namespace varve::query {

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

    Catalog &catalog_;
    const Ownership &ownership_;
    const Run run_;
    Env &env_;
    Log &log_;
    RunRecorder recorder_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::map<uint64_t, Known> known_;  // by id; guarded by mutex_
};

// The select over [from_ns, to_ns) instead of what it says of time.
Result<influxql::SelectStatement> select_between(const influxql::SelectStatement &select,
                                                 int64_t from_ns, int64_t to_ns);

}  // namespace varve::query
