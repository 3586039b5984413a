#include <cstdio>

#include "cli/check/check.hpp"
#include "kernel/http/http.hpp"

namespace varve::check {
namespace {

void print_text(const Report &report) {
    std::printf("%s\n%s", report.path.c_str(), report.card.c_str());
    for (const Finding &finding : report.findings) {
        if (finding.failure.empty()) {
            std::printf("  ok    %s\n", finding.what.c_str());
        } else {
            std::printf("  FAIL  %s: %s\n", finding.what.c_str(), finding.failure.c_str());
        }
    }
    std::printf("%s\n", report.passed() ? "passed" : "FAILED");
}

void print_json(const Report &report) {
    std::string findings;
    for (const Finding &finding : report.findings) {
        findings += (findings.empty() ? "" : ",") + std::string("{\"what\":\"") +
                    http::json_escaped(finding.what) + "\",\"failure\":\"" +
                    http::json_escaped(finding.failure) + "\"}";
    }
    std::printf("{\"path\":\"%s\",\"passed\":%s,\"findings\":[%s]}\n",
                http::json_escaped(report.path).c_str(), report.passed() ? "true" : "false",
                findings.c_str());
}

void print_refusal(const std::string &path, const std::string &reason, bool as_json) {
    if (!as_json) {
        std::printf("%s: refused: %s\n", path.c_str(), reason.c_str());
        return;
    }
    std::printf("{\"path\":\"%s\",\"passed\":false,\"refused\":\"%s\"}\n",
                http::json_escaped(path).c_str(), http::json_escaped(reason).c_str());
}

}  // namespace

bool print_reports(const std::vector<std::string> &paths, bool as_json) {
    bool passed = true;
    for (const std::string &path : paths) {
        auto report = check_plugin(path);
        if (!report.ok()) {
            print_refusal(path, report.status().text(), as_json);
            passed = false;
            continue;
        }
        as_json ? print_json(*report) : print_text(*report);
        passed = passed && report->passed();
    }
    return passed;
}

}  // namespace varve::check
