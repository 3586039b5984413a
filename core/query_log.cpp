#include "query_log.hpp"

#include <string>

#include "model/duration.hpp"
#include "query/exec/budget.hpp"

namespace varve {

QueryLog::QueryLog(SelfMetrics &metrics, Log &log)
    : metrics_(metrics),
      log_(log),
      active_(metrics.gauge("varve_query_active", "Query requests under way.")),
      finished_(metrics.counter("varve_query_finished_total", "Query requests that have ended.")),
      seconds_(metrics.counter("varve_query_seconds_total", "Seconds spent in query requests.")),
      exceptions_(metrics.counter("varve_query_exceptions_total",
                                  "Statements that ended with a bug's exception.")),
      interrupted_(metrics.counter("varve_query_interrupted_total",
                                   "Statements that were killed, or whose client went away.")),
      slow_(metrics.counter("varve_query_slow_total",
                            "Statements that took query.slow_log_threshold or longer.")) {}

void QueryLog::set(bool log_all, int64_t slow_threshold_ns) {
    log_all_.store(log_all, std::memory_order_relaxed);
    slow_threshold_ns_.store(slow_threshold_ns, std::memory_order_relaxed);
}

void QueryLog::request_finished(int64_t duration_ns) {
    active_.add(-1);
    finished_.add();
    seconds_.add(static_cast<double>(duration_ns) / 1e9);
}

void QueryLog::statement_started(std::string_view text, std::string_view database,
                                 std::string_view principal) {
    if (!log_all_.load(std::memory_order_relaxed)) return;
    log_.info("query", {{"query", text}, {"database", database}, {"user", principal}});
}

void QueryLog::statement_finished(const query::FinishedStatement &statement) {
    if (statement.status.code() == Code::internal) exceptions_.add();
    if (statement.status.code() == Code::cancelled) interrupted_.add();
    if (const std::string_view limit = query::exec::limit_of(statement.status); !limit.empty()) {
        metrics_
            .counter("varve_query_limit_total", "Statements that ran into a limit.",
                     {{"limit", std::string(limit)}})
            .add();
    }
    const int64_t threshold_ns = slow_threshold_ns_.load(std::memory_order_relaxed);
    if (threshold_ns == 0 || statement.duration_ns < threshold_ns) return;
    slow_.add();
    const std::string rows = std::to_string(statement.rows);
    log_.warning("slow query", {{"query", statement.text},
                                {"database", statement.database},
                                {"user", statement.principal},
                                {"duration", format_go_duration(statement.duration_ns)},
                                {"rows", rows},
                                {"error", statement.status.ok() ? "" : statement.status.text()}});
}

}  // namespace varve
