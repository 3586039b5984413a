// The base class of function plugins: an instance is a set of varve_function tables.
#pragma once

#include <initializer_list>
#include <vector>

#include "../kind/function.h"
#include "plugin.hpp"

namespace varve {

class FunctionSet : public Plugin {
  public:
    // The tables live as long as the library.
    explicit FunctionSet(std::vector<const varve_function *> functions)
        : functions_(std::move(functions)),
          set_{sizeof(varve_function_set), static_cast<uint32_t>(functions_.size()),
               functions_.data()} {}

    const void *extension(std::string_view id) override {
        return id == VARVE_FUNCTION_ID ? &set_ : nullptr;
    }

  private:
    std::vector<const varve_function *> functions_;
    varve_function_set set_;
};

}  // namespace varve
