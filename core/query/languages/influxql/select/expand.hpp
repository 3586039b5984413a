// Wildcards and regexes of SELECT and GROUP BY, and the names of columns.
#pragma once

#include "query/languages/influxql/select/check.hpp"
#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

// The tags of GROUP BY, sorted.
std::vector<std::string> expand_dimensions(const std::vector<ExprPtr> &dimensions,
                                           const Names &names);

// Fields without wildcards. invalid_argument "unable to use tag wildcard in f()".
Result<std::vector<Field>> expand_fields(const CheckedSelect &checked, const Names &names,
                                         const std::vector<std::string> &group_tags,
                                         const FunctionTable &functions);

// One name per field: aliases first, then what is generated, "_1", "_2" behind what is taken.
std::vector<std::string> column_names(const std::vector<Field> &fields);
// Of a subquery, which lets columns have the same name: the first of them is the one that is found.
std::vector<std::string> inner_column_names(const std::vector<Field> &fields);

}  // namespace varve::query::influxql
