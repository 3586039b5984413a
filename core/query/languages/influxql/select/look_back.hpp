// What functions over rows of buckets (derivative) read outside of the range, so that the range's
// first bucket has a row.
#pragma once

#include "query/languages/influxql/select/check.hpp"

namespace varve::query::influxql {

// Buckets that the call wants to see before its first one.
uint32_t look_back_of(const FunctionTable &functions, const Expr &call);

// The range with so many buckets more before it; behind it in descending order.
plan::TimeRange with_buckets_before(plan::TimeRange range, bool ascending,
                                    const plan::Window &window, int64_t buckets);

// What an outermost select reads: no function, of subqueries neither, sees rows outside. It is
// wider than the range by the furthest look of all calls.
plan::TimeRange readable_range(const CheckedSelect &select, const FunctionTable &functions);

}  // namespace varve::query::influxql
