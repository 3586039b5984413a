// A prepared SELECT → a plan.
#pragma once

#include "query/languages/influxql/select/prepare_select.hpp"

namespace varve::query::influxql {

// The names and types of the columns, without the plan around them. invalid_argument with the texts
// clients know.
Result<std::vector<plan::Output>> lower_outputs(const PreparedSelect &prepared,
                                                const FunctionTable &functions);

// `extra_tags` divide the groups further: those of the select around a subquery. `outer` is the
// range that one reads, if it is wider than its own; null otherwise. Errors as above.
Result<plan::Select> lower_select(const PreparedSelect &prepared, const FunctionTable &functions,
                                  const std::vector<std::string> &extra_tags = {},
                                  const plan::TimeRange *outer = nullptr);

}  // namespace varve::query::influxql
