// holt_winters, holt_winters_with_fit, and the functions of technical analysis: what goes on in a
// series of rows.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

std::vector<const varve_function *> forecast_functions();

std::vector<const varve_function *> holt_winters_functions();
std::vector<const varve_function *> technical_functions();

}  // namespace varve::functions
