// Running statements of InfluxDB 0.8's language.
#pragma once

#include "query/languages/influxql08/session.hpp"
#include "query/languages/influxql08/syntax/ast.hpp"

namespace varve::query::influxql08 {

// The rows go to the session's encoder. permission_denied where the asker may not.
Status execute_statement(const Session &session, const Statement &statement);

}  // namespace varve::query::influxql08
