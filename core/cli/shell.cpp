#include "cli/shell.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <editline/readline.h>

namespace varve::cli {
namespace {

constexpr int kHistoryMax = 1000;

Session *completing = nullptr;  // libedit's callbacks carry no context

std::string history_file() {
    const char *home = std::getenv("HOME");
    return home == nullptr ? std::string() : std::string(home) + "/.varve_history";
}

// libedit asks for one match after the other, beginning with state 0.
char *next_match(const char *text, int state) {
    static std::vector<std::string> matches;
    static size_t at = 0;
    if (state == 0) {
        matches = completing->complete(text);
        at = 0;
    }
    return at < matches.size() ? ::strdup(matches[at++].c_str()) : nullptr;
}

char **complete_word(const char *text, int, int) {
    rl_attempted_completion_over = 1;  // no file names
    return rl_completion_matches(text, next_match);
}

bool holds_secret(std::string line) {
    std::transform(line.begin(), line.end(), line.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return line.find("password") != std::string::npos || line.starts_with("auth");
}

void show_history() {
    for (int i = history_base; HIST_ENTRY *entry = history_get(i); ++i) {
        std::cout << entry->line << '\n';
    }
}

void break_off(int) {
    Client::interrupt();
}

}  // namespace

int run_shell(Session &session) {
    completing = &session;
    rl_readline_name = "varve";
    rl_attempted_completion_function = complete_word;
    using_history();
    stifle_history(kHistoryMax);
    const std::string file = history_file();
    if (!file.empty()) read_history(file.c_str());
    std::signal(SIGINT, break_off);
    while (char *typed = readline("> ")) {
        const std::string line = typed;
        std::free(typed);
        if (line.find_first_not_of(" \t") == std::string::npos) continue;
        if (!holds_secret(line)) add_history(line.c_str());
        if (line == "history") {
            show_history();
            continue;
        }
        if (!session.execute(line)) break;
    }
    if (!file.empty()) {
        const mode_t before = ::umask(0077);
        write_history(file.c_str());
        ::umask(before);
        ::chmod(file.c_str(), 0600);
    }
    return 0;
}

int run_script(Session &session) {
    static const char *const commands[] = {"use ", "insert ", "precision ", "format ",
                                           "consistency "};
    std::string query;
    const auto flush = [&] {
        if (!query.empty()) session.execute(query);
        query.clear();
    };
    for (std::string line; std::getline(std::cin, line);) {
        std::string word = line;
        std::transform(word.begin(), word.end(), word.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        const bool command = std::any_of(std::begin(commands), std::end(commands),
                                         [&](const char *name) { return word.starts_with(name); });
        if (command) {
            flush();
            session.execute(line);
        } else {
            query += line + '\n';
        }
    }
    flush();
    return session.take_failure() ? 1 : 0;
}

}  // namespace varve::cli
