// Conditions of WHERE: what concerns tags alone chooses series, the rest filters rows.
#pragma once

#include <functional>
#include <optional>

#include "query/function_table.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql {

// Says which column a reference is: type string and is_tag for tags.
using Resolver = std::function<plan::Input(const Expr &reference)>;

struct LoweredCondition {
    plan::SeriesPredicate series;
    std::vector<plan::Input> inputs;     // of the filter; positions begin at first_input
    std::optional<plan::Scalar> filter;  // none = the predicate says it all
    std::vector<plan::ValueCondition> conditions;
};

// Storage chooses series by their tags; a subquery's rows are all filtered.
enum class SeriesOf : uint8_t { storage, subquery };

// The condition's calls are of scalar functions that the table knows.
LoweredCondition lower_condition(const Expr &condition, const Resolver &resolve,
                                 const FunctionTable &functions, uint32_t first_input,
                                 SeriesOf series_of = SeriesOf::storage);

// For statements over the schema: every reference is a tag; what is more than tags never holds.
plan::SeriesPredicate lower_tag_condition(const Expr &condition);

// A literal as a constant.
plan::Scalar literal_scalar(const Expr &expr);
plan::Op scalar_op(Token op);

}  // namespace varve::query::influxql
