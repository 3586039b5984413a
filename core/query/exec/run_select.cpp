#include "query/exec/run_select.hpp"

#include "base/assert.hpp"
#include "query/exec/aggregate/window.hpp"

namespace varve::query::exec {

const Snapshot &Run::snapshot_of(const plan::ScanSource &source) const {
    for (const auto &snapshot : snapshots) {
        if (snapshot->db_id() == source.db_id) return *snapshot;
    }
    VARVE_ASSERT(false && "a scan's database has a snapshot");
    return *snapshots.front();
}

Status run_select(const Run &run) {
    const plan::Select &select = run.select;
    run.budget.begin_select();
    if (select.range.empty()) return {};
    // Before anything is allocated.
    VARVE_RETURN_IF_ERROR(run.budget.check_buckets(Windows(select.window, select.range).count()));
    for (size_t i = 0; i < select.measurements.size(); ++i) {
        const size_t at = select.ascending ? i : select.measurements.size() - 1 - i;
        const plan::Measurement &measurement = select.measurements[at];
        if (!select.streams.empty()) {
            VARVE_RETURN_IF_ERROR(run_streams(run, at));
            continue;
        }
        VARVE_RETURN_IF_ERROR(select.aggregates.empty() ? run_raw(run, measurement)
                                                        : run_aggregate(run, measurement));
    }
    return {};
}

}  // namespace varve::query::exec
