// The story of one complete request, from the route to the handler.
#pragma once

#include <memory>

#include "kernel/http/exchange.hpp"

namespace varve::http {

// [io] Finds the route, answers what needs no handler (404, 405, OPTIONS), and runs the rest here
// or on a worker: authenticate, decode the body, handle. Whatever happens, the exchange is answered
// sooner or later.
void dispatch(const std::shared_ptr<Exchange> &exchange);

}  // namespace varve::http
