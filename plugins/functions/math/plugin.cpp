#include <varve/cpp/function.hpp>

#include "functions/math/math_functions.hpp"

namespace {

class MathFunctions final : public varve::FunctionSet {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor{sizeof(varve_descriptor),
                                                 VARVE_KIND_FUNCTION,
                                                 "functions.math",
                                                 "Mathematical functions",
                                                 "1.0.0",
                                                 "abs, round, sqrt, log, pow, sin and the like.",
                                                 nullptr,
                                                 0,
                                                 0};
        return descriptor;
    }

    explicit MathFunctions(varve::Host) : FunctionSet(varve::functions::math_functions()) {}
};

}  // namespace

VARVE_PLUGIN(MathFunctions)
