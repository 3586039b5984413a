// count, sum, mean, spread: a bucket's rows become one value.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

std::vector<const varve_function *> aggregate_functions();

}  // namespace varve::functions
