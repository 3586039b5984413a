// A trace as a drawn tree.
#pragma once

#include "query/exec/trace/trace.hpp"

namespace varve::query::influxql {

// Lines, the first of them ".".
std::vector<std::string> trace_text(const exec::Trace &trace);

// A duration to the microsecond, or to the nanosecond below one: "1.234ms".
std::string time_text(int64_t duration_ns);

}  // namespace varve::query::influxql
