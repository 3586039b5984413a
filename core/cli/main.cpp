#include <unistd.h>

#include <iostream>

#include "cli/export/export_command.hpp"
#include "cli/options.hpp"
#include "cli/plugin_command.hpp"
#include "cli/prompt.hpp"
#include "cli/shell.hpp"
#include "cli/storage/storage_command.hpp"
#include "cli/storage/verify_command.hpp"

namespace {

int ping(varve::cli::Session &session) {
    const auto version = session.ping();
    if (version.ok()) {
        std::cout << "the server is there, version " << *version << '\n';
        return 0;
    }
    std::cerr << "varve: " << version.status().text() << '\n';
    return 1;
}

// Verbs that explain themselves; null if it is none of them.
int (*find_verb(const varve::cli::Options &options))(const varve::cli::Options &) {
    if (options.arguments.empty()) return nullptr;
    const std::string &verb = options.arguments[0];
    if (verb == "storage") return varve::cli::run_storage_command;
    if (verb == "export") return varve::cli::run_export_command;
    if (verb == "verify") return varve::cli::run_verify_command;
    return nullptr;
}

int run(const varve::cli::Options &options) {
    if (const auto verb = find_verb(options)) return verb(options);
    if (!options.arguments.empty() && options.arguments[0] == "plugin") {
        const std::vector<std::string> rest(options.arguments.begin() + 1, options.arguments.end());
        return varve::cli::run_plugin_command(rest, options.target, options.json);
    }
    varve::cli::Session session(options.target, std::cout, std::cerr);
    session.database = options.database;
    session.format = options.format;
    session.precision = options.precision;
    session.consistency = options.consistency;
    session.pretty = options.pretty;
    if (!options.arguments.empty()) {
        if (options.arguments[0] == "ping") return ping(session);
        std::cerr << "varve: unknown verb \"" << options.arguments[0] << "\"; see varve --help\n";
        return 2;
    }
    if (options.has_execute) {
        session.execute(options.execute);
        return session.take_failure() ? 1 : 0;
    }
    if (::isatty(STDIN_FILENO) == 0) return varve::cli::run_script(session);
    const auto version = session.ping();
    if (!version.ok()) std::cerr << "varve: " << version.status().text() << '\n';
    if (version.ok()) std::cout << "Connected to version " << *version << "; `help` helps\n";
    return varve::cli::run_shell(session);
}

}  // namespace

int main(int argc, char **argv) {
    auto options = varve::cli::parse_options(argc, argv);
    if (!options.ok()) {
        std::cerr << "varve: " << options.status().text() << '\n';
        return 2;
    }
    if (options->help && find_verb(*options) == nullptr) {
        std::cout << varve::cli::usage();
        return 0;
    }
    if (options->version) {
        std::cout << "varve " VARVE_VERSION "\n";
        return 0;
    }
    if (options->ask_password) {
        const auto typed = varve::cli::ask_secret("password: ");
        if (!typed) {
            std::cerr << "varve: there is no terminal to ask for the password on\n";
            return 2;
        }
        options->target.password = *typed;
    }
    return run(*options);
}
