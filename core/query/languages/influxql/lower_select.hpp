// A checked SELECT and the schema of its sources → a plan.
#pragma once

#include "query/languages/influxql/check.hpp"
#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

// invalid_argument where types do not go together.
Result<plan::Select> lower_select(const SelectStatement &select, const CheckedSelect &checked,
                                  const std::vector<ResolvedSource> &sources,
                                  const FunctionTable &functions);

}  // namespace varve::query::influxql
