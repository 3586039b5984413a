#include "cli/prompt.hpp"

#include <unistd.h>

#include <fstream>

namespace varve::cli {

std::optional<std::string> ask(const char *prompt) {
    std::ofstream out("/dev/tty");
    std::ifstream in("/dev/tty");
    std::string answer;
    if (!(out << prompt << std::flush) || !std::getline(in, answer)) return std::nullopt;
    return answer;
}

std::optional<std::string> ask_secret(const char *prompt) {
    // getpass() would fall back to standard input.
    if (!std::ofstream("/dev/tty")) return std::nullopt;
    const char *typed = ::getpass(prompt);
    if (typed == nullptr) return std::nullopt;
    return typed;
}

}  // namespace varve::cli
