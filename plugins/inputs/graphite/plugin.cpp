#include "inputs/graphite/graphite_input.hpp"

VARVE_PLUGIN(varve::GraphiteInput)
