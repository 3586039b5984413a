// count, sum, mean, spread, median, stddev, mode, percentile_approx: a bucket's rows become one
// value; distinct: a row per different value; histogram: a row per class of values.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

std::vector<const varve_function *> aggregate_functions();

// Those that keep every value of their bucket.
const varve_function &median_function();
const varve_function &stddev_function();
const varve_function &distinct_function();
const varve_function &mode_function();

// Those whose state is bounded by what they tell.
const varve_function &percentile_approx_function();
const varve_function &histogram_function();

}  // namespace varve::functions
