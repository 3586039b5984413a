// An arena for functions under test.
#pragma once

#include <memory>
#include <vector>

#include <varve/kind/function.h>

namespace varve::functions {

// An arena that never ends, or ends after so many bytes.
struct TestArena {
    uint64_t given = 0;  // bytes
    std::vector<std::unique_ptr<char[]>> chunks;
    uint64_t left = UINT64_MAX;
    varve_arena table{this, [](void *ctx, uint64_t size, uint64_t) -> void * {
                          auto *self = static_cast<TestArena *>(ctx);
                          if (size > self->left) return nullptr;
                          self->left -= size;
                          self->given += size;
                          self->chunks.push_back(std::make_unique<char[]>(size + 1));
                          return self->chunks.back().get();
                      }};
};

}  // namespace varve::functions
