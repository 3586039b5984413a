#include "query/continuous/run_report.hpp"

#include "model/time.hpp"

namespace varve::query {

RunRecorder::RunRecorder(Log &log, SelfMetrics &metrics, bool log_runs)
    : log_(log),
      ok_(metrics.counter("varve_cq_query_ok_total", "Runs of continuous queries.")),
      failed_(metrics.counter("varve_cq_query_fail_total", "Those that failed.")),
      log_runs_(log_runs) {}

void RunRecorder::add(const ContinuousQueryReport &run, ContinuousQueryReport &report) {
    const bool is_known = report.error == run.error;
    (run.error.empty() ? ok_ : failed_).add();
    if (!run.error.empty() && !is_known) {
        log_.error("a continuous query failed",
                   {{"database", report.database}, {"query", report.name}, {"error", run.error}});
    } else if (run.error.empty() && log_runs_) {
        log_.info("a continuous query ran", {{"database", report.database},
                                             {"query", report.name},
                                             {"from", format_rfc3339(run.from_ns)},
                                             {"to", format_rfc3339(run.to_ns)},
                                             {"written", std::to_string(run.written)}});
    }
    report.last_run_ns = run.last_run_ns;
    report.from_ns = run.from_ns;
    report.to_ns = run.to_ns;
    report.duration_ns = run.duration_ns;
    report.written = run.written;
    report.error = run.error;
    ++report.runs;
    if (!run.error.empty()) ++report.failed_runs;
}

}  // namespace varve::query
