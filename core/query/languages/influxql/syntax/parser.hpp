// Text → statements. Pure; error texts are InfluxDB's, word for word.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "query/languages/influxql/syntax/params.hpp"

namespace varve::query::influxql {

// Deeper expressions, subqueries and longer chains of operators are refused with
// "expression is nested too deeply" (they would be walked by recursion).
inline constexpr int kNestingMax = 200;
inline constexpr int kOperatorChainMax = 8000;

// All statements of the text. invalid_argument with "found X, expected A, B at line L, char C" and
// its like, without "error parsing query: " in front.
Result<std::vector<Statement>> parse_query(std::string_view text, const Params &params = {});

// A single expression, as in WHERE.
Result<ExprPtr> parse_expression(std::string_view text, const Params &params = {});

}  // namespace varve::query::influxql
