// `varve verify PATH…`: the storage engine's own check of its files, without a server.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "base/status.hpp"
#include "cli/check/check_host.hpp"
#include "cli/options.hpp"

namespace varve::cli {

// The program's exit code: 0 nothing is damaged, 1 damage or a failure, 2 wrong usage.
int run_verify_command(const Options &options);

// Checks the paths by the storage plugin of this id, which must be loaded. Its report goes to
// `out`. data_loss if there is damage; not_found if a path or the plugin does not exist;
// unsupported if the engine cannot verify. All paths are tried unless one does not exist.
Status verify_paths(check::CheckHost &host, const PluginHost &plugins, const std::string &id,
                    std::span<const std::string> paths, std::ostream &out);

}  // namespace varve::cli
