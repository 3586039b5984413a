// Runs a plan: every measurement in order, each by the operator that its plan needs.
#pragma once

#include <memory>
#include <vector>

#include "query/exec/rows/row_sink.hpp"
#include "query/exec/storage_gateway.hpp"
#include "query/exec/task_runner.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

class Subqueries;
struct Trace;

// What the operators of one SELECT share.
struct Run {
    const plan::Select &select;
    const std::vector<std::shared_ptr<Snapshot>> &snapshots;  // one per database
    Budget &budget;
    TaskRunner &tasks;
    RowSink &sink;
    Subqueries *subqueries = nullptr;  // those that have run; set while a measurement runs
    Trace *trace = nullptr;            // of what runs around; null = nobody watches

    // Another select in its place.
    Run over(const plan::Select &other, RowSink &other_sink) const {
        return {other, snapshots, budget, tasks, other_sink, subqueries, trace};
    }

    const Snapshot &snapshot_of(const plan::ScanSource &source) const;
};

Status run_select(const Run &run);

// One measurement's rows, by its position. Series come in the order of the plan's direction.
Status run_measurement(const Run &run, size_t measurement);

Status run_raw(const Run &run, const plan::Measurement &measurement);
Status run_aggregate(const Run &run, const plan::Measurement &measurement);
Status run_join(const Run &run, const plan::Measurement &measurement);
Status run_pairing(const Run &run, const plan::Measurement &measurement);
Status run_rollup(const Run &run, const plan::Measurement &measurement);
// The measurement's position is the same in the streams' inputs.
Status run_streams(const Run &run, size_t measurement);

}  // namespace varve::query::exec
