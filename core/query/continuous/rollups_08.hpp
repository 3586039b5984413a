// Runs the catalog's continuous queries of InfluxDB 0.8 that group by time.
//
//   1. A query's windows lie on a grid. All before its last run is computed, none at or behind it.
//   2. When a window has ended, those from the last run to it are due; at first (backfill) all of
//      the past is, as far as there are shards.
//   3. They are computed in pieces of several windows, oldest first. Each piece that is done moves
//      the last run on, so that what a stop or a failure leaves is taken up later.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "query/continuous/continuous_queries.hpp"
#include "query/exec/aggregate/window.hpp"
#include "query/languages/influxql08/continuous/queries.hpp"

namespace varve::query {

// A query works at most this long before others have their turn and its last run is kept.
inline constexpr int64_t kRollupTurnNs = 1'000'000'000;
// After a failure that may pass, the same windows are tried again.
inline constexpr int64_t kRollupRetryNs = 10'000'000'000;

class Rollups08 {
  public:
    // Writes the rows of the query within the range, inclusive, as the server itself, and says how
    // many points these were; ends early once is_cancelled.
    using Run = std::function<Result<uint64_t>(
        const influxql08::Rollup &rollup, const std::string &database, const plan::TimeRange &range,
        const std::function<bool()> &is_cancelled)>;

    // Everything lives longer. `log_runs`: one line per turn.
    Rollups08(Catalog &catalog, const Ownership &ownership, Run run, Env &env, Log &log,
              SelfMetrics &metrics, bool log_runs);

    // [worker] Every query whose time has come, in turns. One call at a time.
    void run_due();
    // [any] Makes a run under way end early; the next start takes it up again.
    void stop() { stopping_ = true; }
    // [any] In the catalog's order, those that copy writes among them.
    std::vector<ContinuousQueryReport> reports() const;

  private:
    struct Known {
        std::string text;  // what `rollup` was read from
        std::optional<influxql08::Rollup> rollup;
        int64_t windows_at_a_time = kWindowsAtATime;
        int64_t not_before_ns = 0;  // on the monotonic clock; after a failure
        ContinuousQueryReport report;
    };
    struct Piece {
        int64_t from_ns = 0;
        int64_t to_ns = 0;  // exclusive
        bool is_empty = false;
    };

    Known &known(const ContinuousQuery08 &query);
    // True: there is more to do at once.
    bool run_turn(const ContinuousQuery08 &query);
    Result<std::vector<ShardGroup>> shards_of(const ContinuousQuery08 &query) const;
    static Piece next_piece(const exec::Windows &windows, const std::vector<ShardGroup> &shards,
                            int64_t from_ns, int64_t to_ns, int64_t windows_at_a_time);
    // Whether the last run moves over the piece that failed.
    bool passes_over(Known &known, const Status &status) const;

    Catalog &catalog_;
    const Ownership &ownership_;
    const Run run_;
    Env &env_;
    Log &log_;
    RunRecorder recorder_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;         // of `report` in known_, and of which there are
    std::map<uint64_t, Known> known_;  // by id; changed by run_due alone
};

}  // namespace varve::query
