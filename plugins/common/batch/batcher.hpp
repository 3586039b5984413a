// Between a decoder and the write service: says when gathered rows are due, hands batches over,
// bounds how many are under way, and waits for them at the end. What is refused or fails is logged
// (at most one line per 10 s) and counted, never retried and never told to the sender.
//
//   batcher.note_rows(n);                       // rows gathered since the last submit
//   poll(…, batcher.wait_ms());
//   if (batcher.is_due()) batcher.submit(batch, bad_rows);
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include <varve/cpp/host.hpp>

#include "common/batch/bad_rows.hpp"
#include "common/batch/batcher_options.hpp"

namespace varve {

// Used by one task; only `done`s come from elsewhere.
class Batcher {
  public:
    // Metrics are named varve_<metric_prefix>_…. `on_room` runs [any] whenever a batch is done; it
    // must not block and may be empty.
    Batcher(Host host, BatcherOptions options, const std::string &metric_prefix,
            std::function<void()> on_room = {});
    // Waits for what is under way.
    ~Batcher() { drain(); }
    Batcher(const Batcher &) = delete;
    Batcher &operator=(const Batcher &) = delete;

    const BatcherOptions &options() const { return options_; }

    // ---- when ----
    void note_rows(uint64_t rows);
    // Whether batch_size rows are gathered, or the first one is older than batch_timeout.
    bool is_due() const;
    bool is_empty() const { return gathered_ == 0; }
    // For poll: ms until the gathered rows are due, -1 if there are none.
    int wait_ms() const;

    // ---- hand over ----
    // Whether another batch may be under way.
    bool has_room();
    // Waits for one under way to end, where there is no room.
    void wait_for_room();
    // Takes the batch (may be null: only bad rows) over and empties the count of gathered rows.
    // Without room the batch is dropped and counted.
    void submit(varve_batch *batch, const BadRows &bad_rows);
    // Waits until no batch is under way.
    void drain();

  private:
    static void on_done(void *ctx, const varve_write_outcome *outcome);
    void finish_one(const varve_write_outcome &outcome);
    void log_limited(std::string_view message, std::string_view error);

    Host host_;
    const BatcherOptions options_;
    const std::function<void()> on_room_;
    const Metric received_rows_;
    const Metric rows_;
    const Metric bad_rows_;
    const Metric dropped_rows_;
    const Metric rejected_rows_;
    const Metric batches_;
    const Metric failed_batches_;

    uint64_t gathered_ = 0;
    int64_t first_at_ns_ = 0;  // monotonic, of the first gathered row

    std::mutex mutex_;
    std::condition_variable changed_;
    uint64_t under_way_ = 0;            // guarded by mutex_
    int64_t logged_at_ns_ = INT64_MIN;  // guarded by mutex_
    uint64_t unlogged_ = 0;             // guarded by mutex_
};

}  // namespace varve
