// `varve storage status|compact|scrub`: the admin routes of a running server's storage engine.
#pragma once

#include <string>
#include <string_view>

#include "base/status.hpp"
#include "cli/options.hpp"

namespace varve::cli {

// The program's exit code: 0 well, 1 failed, 2 wrong usage.
int run_storage_command(const Options &options);

// The JSON object of /varve/v1/storage/status as people read it: its numbers and texts line by
// line, then a table for each list of objects, whatever keys they have. data_loss if it is no
// object.
Result<std::string> render_storage_status(std::string_view document);

}  // namespace varve::cli
