// Running statements of InfluxDB 0.8's language.
#pragma once

#include "query/languages/influxql08/session.hpp"
#include "query/languages/influxql08/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql08 {

// The rows go to the session's encoder. permission_denied where the asker may not.
Status execute_statement(const Session &session, const Statement &statement);

// The rows of a SELECT, whatever INTO says, into a sink; of those that its WHERE lets through, the
// ones within. The asker may read.
Status select_rows(const Session &session, const SelectStatement &select,
                   const plan::TimeRange &within, exec::RowSink &sink);

}  // namespace varve::query::influxql08
