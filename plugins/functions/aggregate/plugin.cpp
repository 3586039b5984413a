#include <varve/cpp/function.hpp>

#include "functions/aggregate/aggregate_functions.hpp"

namespace {

class AggregateFunctions final : public varve::FunctionSet {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor{sizeof(varve_descriptor),
                                                 VARVE_KIND_FUNCTION,
                                                 "functions.aggregate",
                                                 "Aggregate functions",
                                                 "1.0.0",
                                                 "count, sum, mean, spread, median, stddev, mode, "
                                                 "percentile_approx, distinct, histogram.",
                                                 nullptr,
                                                 0,
                                                 0};
        return descriptor;
    }

    explicit AggregateFunctions(varve::Host)
        : FunctionSet(varve::functions::aggregate_functions()) {}
};

}  // namespace

VARVE_PLUGIN(AggregateFunctions)
