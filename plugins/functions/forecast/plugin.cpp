#include <varve/cpp/function.hpp>

#include "functions/forecast/forecast_functions.hpp"

namespace {

class ForecastFunctions final : public varve::FunctionSet {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor{
            sizeof(varve_descriptor),
            VARVE_KIND_FUNCTION,
            "functions.forecast",
            "Forecasts and technical analysis",
            "1.0.0",
            "holt_winters, exponential_moving_average and the like.",
            nullptr,
            0,
            0};
        return descriptor;
    }

    explicit ForecastFunctions(varve::Host) : FunctionSet(varve::functions::forecast_functions()) {}
};

}  // namespace

VARVE_PLUGIN(ForecastFunctions)
