// A prepared SELECT → a plan.
#pragma once

#include "query/languages/influxql/select/prepare_select.hpp"

namespace varve::query::influxql {

// The names and types of the columns, without the plan around them. invalid_argument with the texts
// clients know.
Result<std::vector<plan::Output>> lower_outputs(const PreparedSelect &prepared,
                                                const FunctionTable &functions);

// `extra_tags` divide the groups further: those of the select around a subquery. Errors as above.
Result<plan::Select> lower_select(const PreparedSelect &prepared, const FunctionTable &functions,
                                  const std::vector<std::string> &extra_tags = {});

}  // namespace varve::query::influxql
