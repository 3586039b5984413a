// derivative, non_negative_derivative, difference, non_negative_difference, elapsed,
// moving_average, cumulative_sum, integral: functions over the rows of a series.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

std::vector<const varve_function *> transform_functions();

const varve_function &integral_function();

}  // namespace varve::functions
