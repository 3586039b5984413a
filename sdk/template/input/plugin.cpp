#include "example_input.hpp"

VARVE_PLUGIN(varve::ExampleInput)
