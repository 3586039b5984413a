// /debug/vars, /debug/requests and /debug/pprof/, as InfluxDB has them. Who may see them is decided
// here, once for all of them.
#pragma once

#include "auth/accounts.hpp"
#include "base/env.hpp"
#include "kernel/config.hpp"
#include "kernel/http/router.hpp"
#include "kernel/memory_account.hpp"
#include "monitor/delayed_calls.hpp"
#include "monitor/request_profiles.hpp"
#include "monitor/statistics.hpp"

namespace varve::monitor {

// All of it lives longer than the routes.
struct DebugParts {
    const Statistics &statistics;
    const Config &config;
    auth::Accounts &accounts;
    MemoryAccounts &memory;
    RequestProfiles &profiles;
    DelayedCalls &delayed;
    Env &env;
    int64_t started_ns = 0;   // since the Unix epoch
    bool needs_admin = true;  // while authentication is on
};

Status mount_debug_routes(http::RouteTable &routes, const DebugParts &parts);

}  // namespace varve::monitor
