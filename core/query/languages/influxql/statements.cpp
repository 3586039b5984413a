#include "query/languages/influxql/statements.hpp"

#include "query/exec/run_select.hpp"
#include "query/languages/influxql/explain/explain.hpp"
#include "query/languages/influxql/into.hpp"
#include "query/languages/influxql/normalise.hpp"
#include "query/languages/influxql/select/lower_select.hpp"

namespace varve::query::influxql {

namespace {

// What to warn of over GET. A SELECT with a target and a continuous query do that by themselves.
bool changes_something(StatementKind kind) {
    if (kind == StatementKind::create_continuous_query) return false;
    const std::string_view name = statement_name(kind);
    return !name.starts_with("SHOW") && !name.starts_with("EXPLAIN") && !name.starts_with("SELECT");
}

}  // namespace

void warn_if_read_only(Session &session, const std::string &text) {
    if (!session.read_only) return;
    session.encoder.add_warning("deprecated use of '" + text +
                                "' in a read only context, please use a POST request instead");
}

Status run_query(Session &session, const SelectStatement &select, exec::RowSink &sink) {
    SourceResolver resolver(session);
    const auto prepared = prepare_select(session, resolver, select);
    if (!prepared.ok()) return prepared.status();
    const Result<plan::Select> plan = lower_select(**prepared, session.functions);
    if (!plan.ok()) return plan.status();
    if (select.has_zone) session.encoder.set_zone(select.zone);
    return exec::run_select({*plan, resolver.snapshots(), session.budget, session.tasks, sink});
}

namespace {

// What is written has its names made explicit, in the warning of a GET, too.
Status execute_select(Session &session, const SelectStatement &select) {
    if (!select.target) return run_query(session, select, session.encoder);
    const Result<SelectStatement> normalised = normalise(session, select);
    if (!normalised.ok()) return normalised.status();
    warn_if_read_only(session, to_string(*normalised));
    return execute_into(session, *normalised);
}

}  // namespace

Status execute_statement(Session &session, const Statement &statement) {
    VARVE_RETURN_IF_ERROR(session.budget.check());
    if (changes_something(statement.kind)) {
        warn_if_read_only(session, to_string(statement));
    }
    switch (statement.kind) {
        case StatementKind::select:
            return execute_select(session, *statement.select);
        case StatementKind::explain:
            return execute_explain(session, statement);
        case StatementKind::create_database:
        case StatementKind::drop_database:
        case StatementKind::create_retention_policy:
        case StatementKind::alter_retention_policy:
        case StatementKind::alter_database:
        case StatementKind::alter_measurement:
        case StatementKind::drop_retention_policy:
        case StatementKind::delete_points:
        case StatementKind::drop_series:
        case StatementKind::drop_measurement:
            return execute_definition(session, statement);
        case StatementKind::create_continuous_query:
        case StatementKind::drop_continuous_query:
        case StatementKind::show_continuous_queries:
        case StatementKind::create_subscription:
        case StatementKind::drop_subscription:
        case StatementKind::show_subscriptions:
            return execute_services(session, statement);
        case StatementKind::create_user:
        case StatementKind::drop_user:
        case StatementKind::set_password:
        case StatementKind::grant:
        case StatementKind::revoke:
        case StatementKind::show_users:
        case StatementKind::show_grants:
            return execute_users(session, statement);
        case StatementKind::show_databases:
        case StatementKind::show_retention_policies:
        case StatementKind::show_measurements:
        case StatementKind::show_series:
        case StatementKind::show_tag_keys:
        case StatementKind::show_tag_values:
        case StatementKind::show_field_keys:
        case StatementKind::show_series_cardinality:
        case StatementKind::show_measurement_cardinality:
        case StatementKind::show_tag_key_cardinality:
        case StatementKind::show_tag_values_cardinality:
        case StatementKind::show_field_key_cardinality:
            return execute_schema(session, statement);
        case StatementKind::show_queries:
        case StatementKind::kill_query:
        case StatementKind::show_shards:
        case StatementKind::show_shard_groups:
        case StatementKind::show_stats:
        case StatementKind::show_diagnostics:
            return execute_server(session, statement);
        default:
            return {Code::unsupported,
                    std::string(statement_name(statement.kind)) + " is not supported yet"};
    }
}

}  // namespace varve::query::influxql
