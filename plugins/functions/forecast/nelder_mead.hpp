// The downhill simplex method of Nelder and Mead: the place where a function of several variables
// is smallest.
#pragma once

#include <functional>
#include <vector>

namespace varve::functions {

using Place = std::vector<double>;
// May change the place it is asked about, which then goes on changed.
using Objective = std::function<double(Place &)>;

struct Minimum {
    double value = 0;
    Place place;
};

// From a simplex of edge 1 at `start`, until the values at its corners deviate by less than
// epsilon, or 1000 steps are done. [any thread]
Minimum minimise(const Objective &objective, const Place &start, double epsilon);

}  // namespace varve::functions
