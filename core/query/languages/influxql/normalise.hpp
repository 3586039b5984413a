// Names made explicit: a SELECT as it reads when the request's database and policies are written
// into it. Continuous queries are kept in this form, messages quote it.
#pragma once

#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

// Subqueries too. Errors "database name required", "database not found: NAME", "default retention
// policy not set for: NAME"; whether the named policies exist is not asked.
Result<SelectStatement> normalise(const Session &session, const SelectStatement &select);

}  // namespace varve::query::influxql
