// What can be said of a SELECT without any schema: which combinations are legal, and the window.
#pragma once

#include "base/status.hpp"
#include "query/function_table.hpp"
#include "query/languages/influxql/select/fold.hpp"

namespace varve::query::influxql {

struct CheckedSelect {
    std::vector<Field> fields;  // folded, without time, DISTINCT x as distinct(x)
    std::string time_name = "time";
    std::vector<std::string> time_columns;  // what a select around it takes for columns
    plan::TimeRange range;
    plan::TimeRange own_range;  // of the conditions alone, without those of the select around it
    plan::Window window;
    plan::Fill fill;
    bool ascending = true;
    bool is_inner = false;            // of a subquery
    ExprPtr having;                   // folded; null = none
    ExprPtr condition;                // without time; null = none
    std::vector<ExprPtr> dimensions;  // without time()
    std::vector<ExprPtr> calls;       // of functions over columns, nested ones too
    int64_t now_ns = 0;

    // The range inside a select that reads `outer`.
    plan::TimeRange range_within(const plan::TimeRange &outer) const;
};

// What a subquery takes over from the select around it: its range narrows the subquery's own, its
// buckets are the subquery's where that has none.
struct OuterSelect {
    plan::TimeRange range;
    plan::TimeRange outermost;  // what the whole statement reads
    plan::Window window;
    bool ascending = true;
};

// invalid_argument with the texts clients know; unsupported for what is not built in. `outer`: of a
// subquery; null otherwise.
Result<CheckedSelect> check_select(const SelectStatement &select, const FunctionTable &functions,
                                   int64_t now_ns, const OuterSelect *outer = nullptr);

// DISTINCT x as distinct(x); anything else as it is.
ExprPtr plain_distinct(const ExprPtr &expr);

// The distinct(x) in count(distinct(x)) or count(DISTINCT x); null for other calls.
ExprPtr counted_distinct(const Expr &call);

// A call's arguments in the functions' form.
std::vector<plan::Argument> call_arguments(const Expr &call);

}  // namespace varve::query::influxql
