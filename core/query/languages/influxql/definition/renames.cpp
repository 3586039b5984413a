// ALTER DATABASE … RENAME TO, ALTER MEASUREMENT … RENAME TO.
#include <map>

#include "query/languages/influxql/definition/definitions.hpp"
#include "query/languages/influxql/syntax/parser.hpp"

namespace varve::query::influxql {

namespace {

// Gives a select's measurements the new name of their database; whether any had the old one.
bool rename_in(SelectStatement &select, const std::string &from, const std::string &to);

bool rename_in(Source &source, const std::string &from, const std::string &to) {
    bool renamed = source.database == from && !from.empty();
    if (renamed) source.database = to;
    if (source.subquery != nullptr) {
        SelectStatement inner = *source.subquery;
        renamed |= rename_in(inner, from, to);
        source.subquery = std::make_shared<const SelectStatement>(std::move(inner));
    }
    if (source.join != nullptr) {
        Join join = *source.join;
        renamed |= rename_in(join.left, from, to);
        renamed |= rename_in(join.right, from, to);
        source.join = std::make_shared<const Join>(std::move(join));
    }
    return renamed;
}

bool rename_in(SelectStatement &select, const std::string &from, const std::string &to) {
    bool renamed = select.target && rename_in(*select.target, from, to);
    for (Source &source : select.sources) renamed |= rename_in(source, from, to);
    return renamed;
}

// The texts, by their ids, of the continuous queries that name the database: its own, and those
// of other databases that read from it or write to it.
Result<std::map<uint64_t, std::string>> renamed_queries(const Catalog &catalog,
                                                        const std::string &from,
                                                        const std::string &to) {
    const auto queries = catalog.continuous_queries();
    if (!queries.ok()) return queries.status();
    std::map<uint64_t, std::string> texts;
    for (const ContinuousQuery &query : *queries) {
        auto parsed = parse_query(query.text, {});
        if (!parsed.ok() || parsed->empty()) continue;  // it never runs
        Statement &statement = parsed->front();
        SelectStatement select = *statement.select;
        bool renamed = rename_in(select, from, to);
        renamed |= statement.database == from;
        if (!renamed) continue;
        if (statement.database == from) statement.database = to;
        statement.select = std::make_shared<const SelectStatement>(std::move(select));
        texts.emplace(query.id, to_string(statement));
    }
    return texts;
}

}  // namespace

// Rows are kept by the database's number, so the catalog's one change is all that clients see;
// storage hears the new name with the next write, or at the next start.
Status rename_database(Session &session, const Statement &statement) {
    const auto texts = renamed_queries(session.catalog, statement.name, statement.text);
    if (!texts.ok()) return texts.status();
    return session.catalog.rename_database(statement.name, statement.text, *texts);
}

Status rename_measurement(Session &session, const Statement &statement) {
    if (statement.text.empty()) return {Code::invalid_argument, "measurement name required"};
    const SourceResolver resolver(session);
    const Result<Database> database = resolver.database(statement.database);
    if (!database.ok()) return database.status();
    return session.storage.rename_measurement(database->id, statement.name, statement.text);
}

}  // namespace varve::query::influxql
