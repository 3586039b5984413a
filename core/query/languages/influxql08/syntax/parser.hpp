// Text of InfluxDB 0.8's query language → statements.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "query/languages/influxql08/syntax/ast.hpp"

namespace varve::query::influxql08 {

// Parentheses, arguments and conditions inside one another.
inline constexpr int kDepthMax = 200;

// An error has three lines: what is wrong, the query, and a caret below the place; errors that are
// no place's fault have one. Never throws; the text may be anything.
Result<std::vector<Statement>> parse_query(std::string_view text);

}  // namespace varve::query::influxql08
