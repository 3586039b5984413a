// Assertions stay on in every build. VARVE_ASSERT is for what only a bug of ours can break; what
// the world can break is a Status; what we cannot go on without is VARVE_FATAL, with advice.
#pragma once

#include <string_view>

namespace varve {

// Writes "BUG: <expression> at <file>:<line>" to stderr and aborts.
[[noreturn]] void assert_failed(const char *expression, const char *file, int line);

// Writes "FATAL: <text>" to stderr and aborts.
[[noreturn]] void fatal(std::string_view text);

}  // namespace varve

#define VARVE_ASSERT(expression)                        \
    (__builtin_expect(static_cast<bool>(expression), 1) \
         ? static_cast<void>(0)                         \
         : ::varve::assert_failed(#expression, __FILE__, __LINE__))
