// The subqueries of one measurement's run: each runs once, when it is first read.
#pragma once

#include <map>
#include <memory>

#include "query/exec/scan.hpp"
#include "query/exec/subquery/row_table.hpp"

namespace varve::query::exec {

// Used by the query's own thread.
class Subqueries {
  public:
    // A scan of spec.source's subquery. The range of the select that reads is no bound: a bucket's
    // row may lie before the points that made it.
    Result<std::unique_ptr<Scan>> open(const Run &run, ScanSpec spec);

  private:
    Result<std::shared_ptr<const RowTable>> table_of(const Run &run,
                                                     const plan::ScanSource &source);

    std::map<const plan::Select *, std::shared_ptr<const RowTable>> tables_;
};

}  // namespace varve::query::exec
