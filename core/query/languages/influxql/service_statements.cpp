// CREATE, DROP and SHOW of continuous queries and of subscriptions.
#include "query/languages/influxql/normalise.hpp"
#include "query/languages/influxql/statements.hpp"
#include "query/languages/influxql/text_table.hpp"

namespace varve::query::influxql {

namespace {

using exec::Type;

Status check_policy(const Catalog &catalog, const Source &measurement) {
    const Result<Database> database = catalog.database(measurement.database);
    if (!database.ok()) return database.status();
    if (database->policy(measurement.retention_policy) != nullptr) return {};
    return {Code::not_found, "retention policy not found: " + measurement.database + "." +
                                 measurement.retention_policy};
}

// All that the normalised select names must be there.
Status check_policies(const Catalog &catalog, const SelectStatement &select) {
    if (select.target) VARVE_RETURN_IF_ERROR(check_policy(catalog, *select.target));
    for (const Source &source : select.sources) {
        VARVE_RETURN_IF_ERROR(source.subquery == nullptr
                                  ? check_policy(catalog, source)
                                  : check_policies(catalog, *source.subquery));
    }
    return {};
}

Status create_continuous_query(Session &session, const Statement &statement) {
    Session asked = session;  // without a database, the query's own is meant
    if (asked.database.empty()) asked.database = statement.database;
    Result<SelectStatement> select = normalise(asked, *statement.select);
    if (!select.ok()) return select.status();
    Statement normalised = statement;
    normalised.select = std::make_shared<const SelectStatement>(std::move(*select));
    const std::string text = to_string(normalised);
    warn_if_read_only(session, text);
    VARVE_RETURN_IF_ERROR(check_policies(session.catalog, *normalised.select));
    return session.catalog.create_continuous_query(statement.database, statement.name, text);
}

Status show_continuous_queries(Session &session) {
    const auto databases = session.catalog.databases();
    if (!databases.ok()) return databases.status();
    const auto queries = session.catalog.continuous_queries();
    if (!queries.ok()) return queries.status();
    for (const Database &database : *databases) {
        TextTable table(database.name, {{"name", Type::string}, {"query", Type::string}});
        for (const ContinuousQuery &query : *queries) {
            if (query.database != database.name) continue;
            table.add_text(query.name);
            table.add_text(query.text);
        }
        VARVE_RETURN_IF_ERROR(table.emit(session.encoder, true));
    }
    return {};
}

Status create_subscription(Session &session, const Statement &statement) {
    Subscription subscription;
    subscription.database = statement.database;
    subscription.retention_policy = statement.retention_policy;
    subscription.name = statement.name;
    subscription.to_all = statement.flag;
    subscription.destinations = statement.destinations;
    return session.catalog.create_subscription(subscription);
}

Status show_subscriptions(Session &session) {
    const auto databases = session.catalog.databases();
    if (!databases.ok()) return databases.status();
    const auto subscriptions = session.catalog.subscriptions();
    if (!subscriptions.ok()) return subscriptions.status();
    for (const Database &database : *databases) {
        TextTable table(database.name, {{"retention_policy", Type::string},
                                        {"name", Type::string},
                                        {"mode", Type::string},
                                        {"destinations", Type::string}});
        table.make_last_column_lists();
        for (const Subscription &subscription : *subscriptions) {
            if (subscription.database != database.name) continue;
            table.add_text(subscription.retention_policy);
            table.add_text(subscription.name);
            table.add_text(subscription.to_all ? "ALL" : "ANY");
            std::string lines;
            for (const std::string &url : subscription.destinations) lines += url + '\n';
            table.add_text(std::move(lines));
        }
        VARVE_RETURN_IF_ERROR(table.emit(session.encoder));
    }
    return {};
}

}  // namespace

Status execute_services(Session &session, const Statement &statement) {
    switch (statement.kind) {
        case StatementKind::create_continuous_query:
            return create_continuous_query(session, statement);
        case StatementKind::drop_continuous_query:
            return session.catalog.drop_continuous_query(statement.database, statement.name);
        case StatementKind::show_continuous_queries:
            return show_continuous_queries(session);
        case StatementKind::create_subscription:
            return create_subscription(session, statement);
        case StatementKind::drop_subscription:
            return session.catalog.drop_subscription(statement.database, statement.retention_policy,
                                                     statement.name);
        default:
            return show_subscriptions(session);
    }
}

}  // namespace varve::query::influxql
