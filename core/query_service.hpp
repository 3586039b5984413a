// The query engine as a service: a bounded number of queries at a time, the rest wait for a bounded
// time; parallel parts of a query run on the server's workers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "base/env.hpp"
#include "kernel/executor.hpp"
#include "kernel/host/services.hpp"
#include "kernel/self_metrics.hpp"
#include "query/engine.hpp"

namespace varve {

// Jobs of one query on the executor. The caller takes part, so a full queue costs only speed.
class PoolTaskRunner final : public query::TaskRunner {
  public:
    explicit PoolTaskRunner(Executor &executor) : executor_(executor) {}
    void run_all(std::span<const std::function<void()>> jobs) override;
    unsigned parallelism() const override;

  private:
    Executor &executor_;
};

// The right to run of a bounded number of queries, on whatever thread. Thread-safe.
class QuerySlots {
  public:
    explicit QuerySlots(unsigned count) : free_(count) {}
    // False: none is free, or others wait.
    bool try_take();
    void take();
    void give_back();
    // Waits until all are free.
    void wait_for_all();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned free_;       // guarded by mutex_
    unsigned taken_ = 0;  // guarded by mutex_
    unsigned waiting_ = 0;
};

class QueryRunner final : public QueryService {
  public:
    struct Options {
        query::Limits limits;
        unsigned concurrency_max = 8;
        int64_t queue_timeout_ns = 30'000'000'000;
    };
    // Everything lives longer than the runner.
    QueryRunner(Options options, Catalog &catalog, auth::Accounts &accounts,
                query::StorageGateway storage, WriteService &writes,
                const query::FunctionTable &functions, Executor &executor, Env &env,
                SelfMetrics &metrics, query::Surroundings surroundings);
    ~QueryRunner() override;

    void run(const varve_query_request &request, varve_query_sink sink) override;
    // Beside the queries that are asked for: a continuous query takes no slot. See the engine's.
    Result<uint64_t> write_select(const query::influxql::SelectStatement &select,
                                  const std::string &database,
                                  const std::function<bool()> &is_cancelled) {
        return engine_.write_select(select, database, is_cancelled);
    }
    Result<uint64_t> write_rollup_08(const query::influxql08::Rollup &rollup,
                                     const std::string &database,
                                     const query::plan::TimeRange &range,
                                     const std::function<bool()> &is_cancelled) {
        return engine_.write_rollup_08(rollup, database, range, is_cancelled);
    }
    // For requests that begin after it; those that run are still listed and can be stopped.
    void set_limits(const query::Limits &limits) { engine_.set_limits(limits); }
    // Lets running queries end; those that wait are refused.
    void stop();

  private:
    void run_in_slot(const varve_query_request &request, const varve_query_sink &sink);

    const Options options_;
    Env &env_;
    PoolTaskRunner tasks_;
    query::Engine engine_;
    SelfMetric &queries_;
    SelfMetric &refused_;
    std::atomic<bool> stopping_{false};
    QuerySlots slots_;
    std::unique_ptr<Executor> queue_;  // threads for queries whose callers do not stay
};

}  // namespace varve
