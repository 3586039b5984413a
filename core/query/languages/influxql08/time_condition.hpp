// The part of WHERE that is about time.
#pragma once

#include <optional>

#include "base/status.hpp"
#include "query/languages/influxql08/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql08 {

struct SplitCondition {
    plan::TimeRange range;          // points later than now are not seen unless asked for
    std::optional<Condition> rest;  // what is not about time
};

// Errors with the texts clients know.
Result<SplitCondition> split_condition(const std::optional<Condition> &where, int64_t now_ns);

// The nanoseconds of a duration, or of a number without a unit; none = it is neither.
std::optional<int64_t> parse_duration(std::string_view text);

}  // namespace varve::query::influxql08
