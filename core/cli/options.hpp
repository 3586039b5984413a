// The command line of `varve`: the flags of InfluxDB's shell in both forms, -name and --name.
#pragma once

#include <string>
#include <vector>

#include "base/status.hpp"
#include "cli/client.hpp"
#include "cli/render.hpp"

namespace varve::cli {

struct Options {
    Target target;
    std::string database;
    std::string execute;
    bool has_execute = false;
    Format format = Format::column;
    std::string precision = "ns";
    std::string consistency = "all";
    bool pretty = false;
    bool json = false;  // of verbs
    bool version = false;
    bool help = false;
    bool ask_password = false;           // -password ''
    std::vector<std::string> arguments;  // the verb and what belongs to it
};

// invalid_argument names the flag. VARVE_USERNAME/VARVE_PASSWORD and INFLUX_… stand in for flags.
Result<Options> parse_options(int argc, char **argv);

std::string usage();

}  // namespace varve::cli
