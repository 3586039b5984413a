// The condition of a DELETE on one measurement: what of it chooses series, what rows.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/status.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql {

// What the measurement has.
struct DeleteNames {
    std::set<std::string> fields;
    std::set<std::string> tags;
};

struct DeleteCondition {
    plan::SeriesPredicate series;
    std::vector<plan::ValueCondition> values;  // a conjunction; none = all rows of the series
};

// `condition` (null = none) has no time in it. Conditions on tags are free; those on fields compare
// one with a constant, and stand beside the others with AND. A row without the field stays.
// invalid_argument for what is more than that, or names what is both a tag and a field.
Result<DeleteCondition> lower_delete_condition(const ExprPtr &condition, const DeleteNames &names);

}  // namespace varve::query::influxql
