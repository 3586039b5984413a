// plugin_check FILE…: loads each plugin without a server, prints its card, and runs the conformance
// suite of its kind. Exit code 0 if everything holds, 1 if not, 2 on wrong usage.
#include <cstdio>
#include <cstring>

#include "cli/check/check.hpp"

int main(int argc, char **argv) {
    if (argc < 2 || std::strcmp(argv[1], "--help") == 0) {
        std::puts(
            "usage: plugin_check [--json] FILE.so…\nLoads each plugin without a server and runs "
            "the conformance suite of its kind.");
        return argc < 2 ? 2 : 0;
    }
    const bool as_json = std::strcmp(argv[1], "--json") == 0;
    const std::vector<std::string> files(argv + (as_json ? 2 : 1), argv + argc);
    return varve::check::print_reports(files, as_json) ? 0 : 1;
}
