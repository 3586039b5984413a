// What runs by the clock, below /varve/v1/: when it ran, when it will, what it took, what went
// wrong. Times are RFC 3339 or null, durations milliseconds.
//
//   GET  /varve/v1/continuous_queries
//   GET  /varve/v1/retention
#pragma once

#include <functional>
#include <vector>

#include "auth/accounts.hpp"
#include "base/status.hpp"
#include "kernel/http/router.hpp"
#include "query/continuous/continuous_queries.hpp"
#include "write/retention.hpp"

namespace varve {

// All of it lives longer than the routes.
struct JobParts {
    const auth::Accounts &accounts;  // administrators only, when authentication is on
    std::function<std::vector<query::ContinuousQueryReport>()> continuous_queries;
    std::function<RetentionReport()> retention;
};

Status mount_job_routes(http::RouteTable &routes, JobParts parts);

}  // namespace varve
