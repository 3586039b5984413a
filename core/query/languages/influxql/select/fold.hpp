// Constant folding, and times in conditions.
#pragma once

#include <optional>

#include "base/status.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql {

// Operations on two literals become literals, true and false are absorbed by AND and OR,
// parentheses around anything but an operation go.
ExprPtr fold(const ExprPtr &expr);

// What now() and times without an offset mean.
struct TimeContext {
    int64_t now_ns = 0;
    TimeZone zone;
};

struct SplitCondition {
    ExprPtr rest;  // null = nothing but time
    std::optional<int64_t> min_ns;
    std::optional<int64_t> max_ns;
};

// Takes the comparisons of time out of a condition (null = none). They are always intersected,
// under OR too. invalid_argument with the texts clients know.
Result<SplitCondition> split_condition(const ExprPtr &condition, const TimeContext &context);

}  // namespace varve::query::influxql
