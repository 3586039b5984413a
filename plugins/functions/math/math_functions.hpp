// Functions of one row: abs, acos, asin, atan, atan2, ceil, cos, exp, floor, ln, log, log2, log10,
// pow, round, sin, sqrt, tan.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

std::vector<const varve_function *> math_functions();

}  // namespace varve::functions
