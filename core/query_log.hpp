// Counts what the query engine runs, and logs statements: every one while query.log_queries is on,
// and those that took query.slow_log_threshold or longer.
#pragma once

#include <atomic>

#include "kernel/log.hpp"
#include "kernel/self_metrics.hpp"
#include "query/observer.hpp"

namespace varve {

class QueryLog final : public query::Observer {
  public:
    // Both live longer.
    QueryLog(SelfMetrics &metrics, Log &log);

    // [any] threshold 0 = no statement is slow.
    void set(bool log_all, int64_t slow_threshold_ns);

    void request_started() override { active_.add(1); }
    void request_finished(int64_t duration_ns) override;
    void statement_started(std::string_view text, std::string_view database,
                           std::string_view principal) override;
    void statement_finished(const query::FinishedStatement &statement) override;

  private:
    SelfMetrics &metrics_;
    Log &log_;
    SelfMetric &active_;
    SelfMetric &finished_;
    SelfMetric &seconds_;
    SelfMetric &exceptions_;
    SelfMetric &interrupted_;
    SelfMetric &slow_;
    std::atomic<bool> log_all_{false};
    std::atomic<int64_t> slow_threshold_ns_{0};
};

}  // namespace varve
