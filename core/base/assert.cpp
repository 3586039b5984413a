#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace varve {

void assert_failed(const char *expression, const char *file, int line) {
    std::fprintf(stderr, "BUG: %s at %s:%d\n", expression, file, line);
    std::abort();
}

void fatal(std::string_view text) {
    std::fprintf(stderr, "FATAL: %.*s\n", static_cast<int>(text.size()), text.data());
    std::abort();
}

}  // namespace varve
