#include "example_functions.hpp"

VARVE_PLUGIN(varve::ExampleFunctions)
