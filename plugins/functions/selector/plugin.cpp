#include <varve/cpp/function.hpp>

#include "functions/selector/selector_functions.hpp"

namespace {

class SelectorFunctions final : public varve::FunctionSet {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor{
            sizeof(varve_descriptor),
            VARVE_KIND_FUNCTION,
            "functions.selector",
            "Selector functions",
            "1.0.0",
            "first, last, min, max, percentile, top, bottom, sample.",
            nullptr,
            0,
            0};
        return descriptor;
    }

    explicit SelectorFunctions(varve::Host) : FunctionSet(varve::functions::selector_functions()) {}
};

}  // namespace

VARVE_PLUGIN(SelectorFunctions)
