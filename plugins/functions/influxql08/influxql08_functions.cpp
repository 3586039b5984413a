#include "functions/influxql08/influxql08_functions.hpp"

namespace varve::functions {

std::vector<const varve_function *> influxql08_functions() {
    std::vector<const varve_function *> out;
    for (const auto &some : {influxql08::number_functions(), influxql08::moment_functions(),
                             influxql08::rank_functions(), influxql08::value_functions()}) {
        out.insert(out.end(), some.begin(), some.end());
    }
    return out;
}

}  // namespace varve::functions
