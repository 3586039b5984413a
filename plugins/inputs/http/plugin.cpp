#include "inputs/http/http_input.hpp"

VARVE_PLUGIN(varve::HttpInput)
