// plugin_check FILE…: loads each plugin without a server, prints its card, and runs the conformance
// suite of its kind. Exit code 0 if everything holds, 1 if not, 2 on wrong usage.
#include <cstdio>
#include <cstring>

#include "cli/check/check.hpp"

namespace {

bool check_file(const char *path) {
    auto report = varve::check::check_plugin(path);
    if (!report.ok()) {
        std::printf("%s: refused: %s\n", path, report.status().text().c_str());
        return false;
    }
    std::printf("%s\n%s", path, report->card.c_str());
    for (const varve::check::Finding &finding : report->findings) {
        if (finding.failure.empty()) {
            std::printf("  ok    %s\n", finding.what.c_str());
        } else {
            std::printf("  FAIL  %s: %s\n", finding.what.c_str(), finding.failure.c_str());
        }
    }
    std::printf("%s\n", report->passed() ? "passed" : "FAILED");
    return report->passed();
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 2 || std::strcmp(argv[1], "--help") == 0) {
        std::puts(
            "usage: plugin_check FILE.so…\nLoads each plugin without a server and runs the "
            "conformance suite of its kind.");
        return argc < 2 ? 2 : 0;
    }
    bool passed = true;
    for (int i = 1; i < argc; ++i) passed = check_file(argv[i]) && passed;
    return passed ? 0 : 1;
}
