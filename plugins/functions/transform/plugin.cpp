#include <varve/cpp/function.hpp>

#include "functions/transform/transform_functions.hpp"

namespace {

class TransformFunctions final : public varve::FunctionSet {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor{
            sizeof(varve_descriptor),
            VARVE_KIND_FUNCTION,
            "functions.transform",
            "Transformations",
            "1.0.0",
            "derivative, difference, moving_average, cumulative_sum, elapsed, integral.",
            nullptr,
            0,
            0};
        return descriptor;
    }

    explicit TransformFunctions(varve::Host)
        : FunctionSet(varve::functions::transform_functions()) {}
};

}  // namespace

VARVE_PLUGIN(TransformFunctions)
