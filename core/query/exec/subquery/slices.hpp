// Subqueries of many rows, read slice by slice of time: what a query over them takes of memory does
// not grow with their rows, and LIMIT ends them early.
#pragma once

#include <functional>

#include "query/exec/run_select.hpp"
#include "query/exec/subquery/subqueries.hpp"

namespace varve::query::exec {

// True for raw rows, of storage or of such a subquery again, all of them: each row depends on
// what is stored at its time and on nothing else.
bool goes_row_by_row(const plan::Select &select);

// Of such a select: the same, of those rows that lie in the slice.
plan::Select narrowed(const plan::Select &select, const plan::TimeRange &slice);

class SubquerySlices {
  public:
    // `run` and `measurement` outlive it.
    SubquerySlices(const Run &run, const plan::Measurement &measurement);

    // Whether slices are worth it: all sources are subqueries that go row by row, and have more
    // rows than are read at once. Where they have not, they are read: open() of the run's
    // subqueries finds their rows.
    Result<bool> are_needed();

    // Calls `read` once for each slice, in the direction of the run's select, until it answers
    // false. Meanwhile the run's subqueries give the slice's rows.
    Status each(const std::function<Result<bool>()> &read);

  private:
    // Where rows may lie.
    plan::TimeRange extent() const;

    const Run &run_;
    const plan::Measurement &measurement_;
};

}  // namespace varve::query::exec
