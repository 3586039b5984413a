// `varve plugin list|check|new`.
#pragma once

#include <string>
#include <vector>

#include "cli/client.hpp"

namespace varve::cli {

// The program's exit code: 0 well, 1 failed, 2 wrong usage.
int run_plugin_command(const std::vector<std::string> &arguments, const Target &target,
                       bool as_json);

}  // namespace varve::cli
