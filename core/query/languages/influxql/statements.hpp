// Statements, executed: rows go to the session's encoder between its begin_statement and
// end_statement, which the caller calls.
#pragma once

#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

Status execute_statement(Session &session, const Statement &statement);

// Their parts.
Status execute_select(Session &session, const SelectStatement &select);
Status execute_schema(Session &session, const Statement &statement);
Status execute_definition(Session &session, const Statement &statement);
Status execute_server(Session &session, const Statement &statement);
Status execute_users(Session &session, const Statement &statement);

// True for statements that change something: over GET they carry a warning.
bool changes_something(const Statement &statement);

}  // namespace varve::query::influxql
