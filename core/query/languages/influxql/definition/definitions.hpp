// Parts of execute_definition.
#pragma once

#include "query/languages/influxql/session.hpp"

namespace varve::query::influxql {

// DELETE, DROP SERIES, DROP MEASUREMENT.
Status delete_rows(Session &session, const Statement &statement);
// ALTER DATABASE.
Status rename_database(Session &session, const Statement &statement);
// ALTER MEASUREMENT.
Status rename_measurement(Session &session, const Statement &statement);

}  // namespace varve::query::influxql
