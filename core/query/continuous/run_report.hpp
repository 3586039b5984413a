// What is told of the runs of continuous queries, of either language.
#pragma once

#include <cstdint>
#include <string>

#include "kernel/log.hpp"
#include "kernel/self_metrics.hpp"

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

class RunRecorder {
  public:
    // Both live longer. `log_runs`: a line for each run that went well.
    RunRecorder(Log &log, SelfMetrics &metrics, bool log_runs);

    // Counts and logs a run, and puts what it did into the query's report. An error is logged when
    // it is another than the last run's. The report is the caller's to guard.
    void add(const ContinuousQueryReport &run, ContinuousQueryReport &report);

  private:
    Log &log_;
    SelfMetric &ok_;
    SelfMetric &failed_;
    const bool log_runs_;
};

}  // namespace varve::query
