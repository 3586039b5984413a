// `varve export`: rows of a server as line protocol.
#pragma once

#include "cli/options.hpp"

namespace varve::cli {

// The program's exit code: 0 well, 1 failed, 2 wrong usage.
int run_export_command(const Options &options);

}  // namespace varve::cli
