// ALTER DATABASE … RENAME TO, ALTER MEASUREMENT … RENAME TO.
#include "query/languages/influxql/definition/definitions.hpp"

namespace varve::query::influxql {

// Rows are kept by the database's number, so the catalog's one change is all that clients see;
// storage hears the new name with the next write, or at the next start.
Status rename_database(Session &session, const Statement &statement) {
    return session.catalog.rename_database(statement.name, statement.text);
}

Status rename_measurement(Session &session, const Statement &statement) {
    if (statement.text.empty()) return {Code::invalid_argument, "measurement name required"};
    const SourceResolver resolver(session);
    const Result<Database> database = resolver.database(statement.database);
    if (!database.ok()) return database.status();
    return session.storage.rename_measurement(database->id, statement.name, statement.text);
}

}  // namespace varve::query::influxql
