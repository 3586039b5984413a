// Statements, executed: rows go to the session's encoder between its begin_statement and
// end_statement, which the caller calls.
#pragma once

#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

Status execute_statement(Session &session, const Statement &statement);

// A SELECT's rows into the sink; its target does not count.
Status run_query(Session &session, const SelectStatement &select, exec::RowSink &sink);

// Of a statement that changes something, as `text`: over GET the answer carries a warning.
void warn_if_read_only(Session &session, const std::string &text);

// Their parts.
Status execute_schema(Session &session, const Statement &statement);
Status execute_definition(Session &session, const Statement &statement);
Status execute_server(Session &session, const Statement &statement);
Status execute_services(Session &session, const Statement &statement);
Status execute_users(Session &session, const Statement &statement);

}  // namespace varve::query::influxql
