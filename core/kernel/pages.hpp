// What the kernel itself answers over HTTP: /, /health, /ready, /metrics, /-/healthy, /-/ready.
#pragma once

#include "base/status.hpp"
#include "kernel/http/router.hpp"
#include "kernel/lifecycle.hpp"
#include "kernel/self_metrics.hpp"

namespace varve {

// All of it lives longer than the routes.
Status mount_kernel_pages(http::RouteTable &routes, const Lifecycle &lifecycle,
                          const SelfMetrics &metrics);

}  // namespace varve
