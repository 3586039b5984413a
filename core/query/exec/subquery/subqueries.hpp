// The subqueries of one measurement's run: each runs once, when it is first read.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "query/exec/scan.hpp"
#include "query/exec/subquery/row_table.hpp"

namespace varve::query::exec {

// Used by the query's own thread.
class Subqueries {
  public:
    // A scan of spec.source's subquery. The range of the select that reads is no bound: a bucket's
    // row may lie before the points that made it.
    Result<std::unique_ptr<Scan>> open(const Run &run, ScanSpec spec);

    // Runs the measurement's subqueries anew, over a part of their time. open() gives these rows
    // from now on. False: together they have more than rows_max rows (0 = no limit), and are
    // forgotten. For subqueries that goes_row_by_row() holds of.
    Result<bool> read_slice(const Run &run, const plan::Measurement &measurement,
                            const plan::TimeRange &slice, uint64_t rows_max);
    // The first row's time in this direction; nothing where the slice has no rows.
    static Result<std::optional<int64_t>> first_time(const Run &run,
                                                     const plan::Measurement &measurement,
                                                     const plan::TimeRange &slice, bool ascending);
    // Rows of the tables that are held.
    uint64_t row_count() const;
    void forget() { tables_.clear(); }

  private:
    Result<std::shared_ptr<const RowTable>> table_of(const Run &run,
                                                     const plan::ScanSource &source);

    std::map<const plan::Select *, std::shared_ptr<const RowTable>> tables_;
};

}  // namespace varve::query::exec
