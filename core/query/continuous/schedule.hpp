// When a continuous query runs, and over which windows. Pure: time is an argument.
#pragma once

#include <cstdint>
#include <optional>

#include "model/time.hpp"
#include "query/languages/influxql/syntax/ast.hpp"

namespace varve::query {

// A query's windows are [k · interval + offset, (k + 1) · interval + offset), by local clocks. It
// runs every `every` and computes the windows of the last `span`.
struct Schedule {
    int64_t interval_ns = 0;  // 0: the query never runs
    int64_t offset_ns = 0;
    int64_t every_ns = 0;
    int64_t span_ns = 0;
    TimeZone zone;

    // Of a CREATE CONTINUOUS QUERY.
    static Schedule of(const influxql::Statement &statement);
    // When the run behind this one is due; at once after 0, which stands for none.
    int64_t next_run_ns(int64_t last_run_ns) const;
};

struct DueRun {
    int64_t mark_ns = 0;  // the last run from now on: the scheduled instant
    int64_t from_ns = 0;
    int64_t to_ns = 0;  // exclusive
    bool empty() const { return to_ns <= from_ns; }
};

// None: it isn't time yet. Windows that were missed since the last run are among those of the run.
// The first run only marks where the schedule begins, unless `span` reaches back.
std::optional<DueRun> due_run(const Schedule &schedule, int64_t last_run_ns, int64_t now_ns);

}  // namespace varve::query
