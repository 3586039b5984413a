// The interactive shell: a prompt, history and completion (libedit).
#pragma once

#include "cli/session.hpp"

namespace varve::cli {

// Reads lines until `exit` or the end of input. History is kept in ~/.varve_history (mode 0600);
// lines with a password are not kept. Ctrl-C breaks off a running query. The program's exit code.
int run_shell(Session &session);

// Runs what comes on standard input when that is no terminal: shell commands line by line,
// everything else as one request. The program's exit code.
int run_script(Session &session);

}  // namespace varve::cli
