#include "query/exec/run_select.hpp"

#include "base/assert.hpp"
#include "query/exec/aggregate/window.hpp"
#include "query/exec/order/ordered_rows.hpp"
#include "query/exec/subquery/subqueries.hpp"
#include "query/exec/trace/trace.hpp"

namespace varve::query::exec {

const Snapshot &Run::snapshot_of(const plan::ScanSource &source) const {
    for (const auto &snapshot : snapshots) {
        if (snapshot->db_id() == source.db_id) return *snapshot;
    }
    VARVE_ASSERT(false && "a scan's database has a snapshot");
    return *snapshots.front();
}

namespace {

Status run_operators(const Run &run, size_t measurement) {
    const plan::Select &select = run.select;
    if (!select.streams.empty()) return run_streams(run, measurement);
    const plan::Measurement &plan = select.measurements[measurement];
    if (select.join != nullptr) return run_join(run, plan);
    if (select.pairing != nullptr) return run_pairing(run, plan);
    if (select.rollup) return run_rollup(run, plan);
    return select.aggregates.empty() ? run_raw(run, plan) : run_aggregate(run, plan);
}

Status run_in_order(const Run &run, size_t measurement) {
    if (!run.select.order) return run_operators(run, measurement);
    OrderedRows ordered(run.select, run.budget);
    VARVE_RETURN_IF_ERROR(run_operators(run.over(run.select, ordered), measurement));
    return ordered.emit_ordered(run.sink);
}

const char *operator_name(const plan::Select &select) {
    if (!select.streams.empty()) return "stream";
    if (select.join != nullptr || select.pairing != nullptr) return "join";
    return select.aggregates.empty() ? "rows" : "aggregate";
}

}  // namespace

Status run_measurement(const Run &run, size_t measurement) {
    const plan::Select &select = run.select;
    if (select.range.empty()) {
        // The input of a stream may begin before the range.
        return select.streams.empty() ? Status() : run_in_order(run, measurement);
    }
    // Before anything is allocated.
    VARVE_RETURN_IF_ERROR(run.budget.check_buckets(Windows(select.window, select.range).count()));
    if (run.trace == nullptr) return run_in_order(run, measurement);
    Trace &trace =
        run.trace->operation(operator_name(select), select.measurements[measurement].name);
    const TraceTimer timer(trace);
    TracedSink sink(run.sink, trace);
    Run traced = run.over(select, sink);
    traced.trace = &trace;
    return run_in_order(traced, measurement);
}

Status run_select(const Run &run) {
    const plan::Select &select = run.select;
    run.budget.begin_select();
    for (size_t i = 0; i < select.measurements.size(); ++i) {
        Subqueries subqueries;
        Run of_measurement = run;
        of_measurement.subqueries = &subqueries;
        const size_t at = select.ascending ? i : select.measurements.size() - 1 - i;
        VARVE_RETURN_IF_ERROR(run_measurement(of_measurement, at));
    }
    return {};
}

}  // namespace varve::query::exec
