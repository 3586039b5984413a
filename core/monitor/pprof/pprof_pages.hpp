// The pages below /debug/pprof/ that pprof and browsers ask for.
#pragma once

#include "kernel/config.hpp"
#include "kernel/http/http.hpp"
#include "kernel/memory_account.hpp"
#include "monitor/delayed_calls.hpp"

namespace varve::monitor {

// The index, profile, heap, cmdline and symbol; 404 for what Go has besides. The parts outlive the
// answer.
void show_pprof(const Config &config, MemoryAccounts &memory, DelayedCalls &delayed,
                http::Request &request, http::ResponseWriter writer);

}  // namespace varve::monitor
