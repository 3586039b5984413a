// A SELECT with what the schema says of it: its sources, and the fields that its wildcards stand
// for. Subqueries are prepared with it, from the inside out.
#pragma once

#include "query/languages/influxql/select/check.hpp"
#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

struct PreparedSelect {
    const SelectStatement *select = nullptr;  // borrowed
    CheckedSelect checked;
    std::vector<ResolvedSource> sources;
    Names names;
    std::vector<std::string> group_tags;  // sorted
    std::vector<Field> fields;            // without wildcards
    std::vector<std::string> columns;     // the fields' names
    ExprPtr having;                       // names of columns as their expressions; null = none
};

// `outer`: of a subquery; null otherwise. Errors with the texts clients know.
Result<std::shared_ptr<const PreparedSelect>> prepare_select(const Session &session,
                                                             SourceResolver &resolver,
                                                             const SelectStatement &select,
                                                             const OuterSelect *outer = nullptr);

}  // namespace varve::query::influxql
