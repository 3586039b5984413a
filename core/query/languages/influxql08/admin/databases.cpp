// Databases, and the series in them.
#include "query/languages/influxql08/admin/admin.hpp"
#include "query/languages/influxql08/schema.hpp"
#include "query/languages/influxql08/statements.hpp"
#include "query/languages/influxql08/syntax/parser.hpp"

namespace varve::query::influxql08 {

namespace {

Status make_database(AdminCall &call, const std::string &name) {
    if (name.empty()) {
        return {Code::invalid_argument, "Unable to create database without name"};
    }
    if (name.find('%') != std::string::npos || !is_valid_catalog_name(name)) {
        return {Code::invalid_argument, name + " isn't a valid db name"};
    }
    if (call.session.catalog.database(name).ok()) {
        return {Code::already_exists, "database " + name + " exists"};
    }
    influxql::Statement statement;
    statement.kind = influxql::StatementKind::create_database;
    statement.name = name;
    return run_definition(call, statement);
}

// The continuous queries of a configuration, each of which must write somewhere.
Result<std::vector<Statement>> read_continuous_queries(const JsonValue &texts) {
    std::vector<Statement> out;
    for (const JsonValue &text : texts.items) {
        Result<std::vector<Statement>> statements = parse_query(text.text);
        if (!statements.ok()) return statements.status();
        for (Statement &statement : *statements) {
            if (statement.kind != StatementKind::select || !statement.select.into) {
                return Status(Code::invalid_argument,
                              "This query isn't a continuous query. Use 'into'. " + text.text);
            }
            out.push_back(std::move(statement));
        }
    }
    return out;
}

}  // namespace

Status list_databases(AdminCall &call) {
    const auto databases = call.session.catalog.databases();
    if (!databases.ok()) return databases.status();
    call.out.begin_array();
    for (const Database &database : *databases) {
        call.out.begin_object();
        call.out.key("name");
        call.out.text(database.name);
        call.out.end_object();
    }
    call.out.end_array();
    return {};
}

Status create_database(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    return make_database(call, body->at("name").text);
}

Status drop_database(AdminCall &call) {
    const Result<Database> database = find_database(call.session);
    if (!database.ok()) return database.status();
    influxql::Statement statement;
    statement.kind = influxql::StatementKind::drop_database;
    statement.name = database->name;
    return run_definition(call, statement);
}

Status drop_series(AdminCall &call) {
    Statement statement;
    statement.kind = StatementKind::drop_series;
    statement.name = call.name;
    return execute_statement(call.session, statement);
}

Status configure_database(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    const auto queries = read_continuous_queries(body->at("continuousQueries"));
    if (!queries.ok()) return queries.status();
    VARVE_RETURN_IF_ERROR(make_database(call, call.database()));
    for (const JsonValue &space : body->at("spaces").items) {
        VARVE_RETURN_IF_ERROR(add_space(call, call.database(), space));
    }
    for (const Statement &query : *queries) {
        VARVE_RETURN_IF_ERROR(execute_statement(call.session, query));
    }
    return {};
}

}  // namespace varve::query::influxql08
