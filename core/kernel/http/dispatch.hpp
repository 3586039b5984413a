// The story of one complete request, from the route to the handler.
#pragma once

#include <functional>
#include <memory>

#include "kernel/http/exchange.hpp"

namespace varve::http {

// [io] Finds the route, answers what needs no handler (404, 405, OPTIONS), and runs the rest here
// or on a worker: authenticate, decode the body, handle. Whatever happens, the exchange is answered
// sooner or later. With `takes_job` the rest may come back as a job: the caller runs it on this
// thread once the connection waits for its answer; it may take long.
std::function<void()> dispatch(const std::shared_ptr<Exchange> &exchange, bool takes_job);

}  // namespace varve::http
