// A set of query functions with one aggregate in it, sum_of_squares(field): where to start from.
#pragma once

#include <varve/cpp/function.hpp>

namespace varve {

class ExampleFunctions final : public FunctionSet {
  public:
    static const varve_descriptor &descriptor();
    explicit ExampleFunctions(Host host);
};

}  // namespace varve
