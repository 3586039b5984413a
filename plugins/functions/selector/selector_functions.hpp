// first, last, min, max, percentile: a bucket's rows become one of them.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

std::vector<const varve_function *> selector_functions();

// percentile(field, p), which must see every value.
const varve_function &percentile_function();
// top, bottom, sample.
std::vector<const varve_function *> ranking_functions();

}  // namespace varve::functions
