// SLIMIT and SOFFSET: which series of a measurement are given.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "query/plan/select.hpp"

namespace varve::query::exec {

inline bool pages_series(const plan::Select &select) {
    return select.series_limit != 0 || select.series_offset != 0;
}

// Those of the keys (as MeasurementScan::group_key makes them) that are left. As in InfluxDB they
// are counted in the order of the names of the tags they have, then of the values, whatever the
// direction of the query.
std::set<std::string> page_of_series(const plan::Select &select,
                                     const std::vector<std::string> &keys);

}  // namespace varve::query::exec
