// A SELECT over one table as a plan.
#pragma once

#include "query/languages/influxql08/select/table.hpp"

namespace varve::query::influxql08 {

// One with functions is a rollup.
bool has_functions(const SelectStatement &select);

// Raw rows: time, sequence_number where there is one, then the columns. Columns without a
// name are further types of the column before them. Errors with the texts clients know.
Result<plan::Select> lower_rows(const SelectStatement &select, const SplitCondition &where,
                                Table table);

// Functions of buckets and groups.
Result<plan::Select> lower_rollup(const SelectStatement &select, const SplitCondition &where,
                                  Table table, const FunctionTable &functions);

}  // namespace varve::query::influxql08
