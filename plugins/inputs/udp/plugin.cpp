#include "inputs/udp/udp_input.hpp"

VARVE_PLUGIN(varve::UdpInput)
