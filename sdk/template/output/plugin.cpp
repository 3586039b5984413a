#include "example_output.hpp"

VARVE_PLUGIN(varve::ExampleOutput)
