// The functions of InfluxDB 0.8, for the plugin and for tests.
#pragma once

#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

// All of them; they live as long as the process.
std::vector<const varve_function *> influxql08_functions();

}  // namespace varve::functions

namespace varve::functions::influxql08 {

// count, sum, min, max, mean, stddev.
std::vector<const varve_function *> number_functions();
// first, last, difference, derivative.
std::vector<const varve_function *> moment_functions();
// median, percentile, top, bottom.
std::vector<const varve_function *> rank_functions();
// distinct, mode, histogram.
std::vector<const varve_function *> value_functions();

}  // namespace varve::functions::influxql08
