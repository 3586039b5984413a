// GROUP BY time(…).
#pragma once

#include "query/languages/influxql08/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql08 {

std::string lower_case(std::string text);

// Whether an element of GROUP BY is time(…).
bool is_time(const Value &value);

// Without an interval where the rows are not grouped by time. Errors with the texts clients know.
Result<plan::Window> window_of(const SelectStatement &select);

}  // namespace varve::query::influxql08
