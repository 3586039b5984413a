#include <varve/cpp/function.hpp>

#include "functions/influxql08/influxql08_functions.hpp"

namespace {

class Influxql08Functions final : public varve::FunctionSet {
  public:
    static const varve_descriptor &descriptor() {
        static const varve_descriptor descriptor{sizeof(varve_descriptor),
                                                 VARVE_KIND_FUNCTION,
                                                 "functions.influxql08",
                                                 "Functions of InfluxDB 0.8",
                                                 "1.0.0",
                                                 "The functions of InfluxDB 0.8's query language.",
                                                 nullptr,
                                                 0,
                                                 0};
        return descriptor;
    }

    explicit Influxql08Functions(varve::Host)
        : FunctionSet(varve::functions::influxql08_functions()) {}
};

}  // namespace

VARVE_PLUGIN(Influxql08Functions)
