// Questions on the terminal, not on standard input: a script's lines are no answers.
#pragma once

#include <optional>
#include <string>

namespace varve::cli {

// Nothing if there is no terminal.
std::optional<std::string> ask(const char *prompt);
// Likewise, without showing what is typed.
std::optional<std::string> ask_secret(const char *prompt);

}  // namespace varve::cli
