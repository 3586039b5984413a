// EXPLAIN and EXPLAIN ANALYZE.
#pragma once

#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

// EXPLAIN: what each part of the plan would read, by the headers of storage's blocks. ANALYZE: runs
// the SELECT, keeps none of its rows, and tells what each operator did.
Status execute_explain(Session &session, const Statement &statement);

}  // namespace varve::query::influxql
