// CREATE, ALTER and DROP of databases and policies.
#include "query/languages/influxql/definition/definitions.hpp"
#include "query/languages/influxql/statements.hpp"

namespace varve::query::influxql {

namespace {

RetentionPolicySpec policy_spec(const Statement &s, std::optional<std::string> name) {
    RetentionPolicySpec spec;
    spec.name = std::move(name);
    spec.duration_ns = s.duration_ns;
    spec.shard_duration_ns = s.shard_duration_ns;
    if (s.replication) spec.replica_n = static_cast<uint32_t>(*s.replication);
    spec.make_default = s.flag;
    return spec;
}

Status create_database(Session &session, const Statement &s) {
    if (!s.has_with) return session.catalog.create_database(s.name, std::nullopt);
    const std::string &storage = session.storage.name();
    if (!s.storage.empty() && s.storage != storage) {
        return {Code::invalid_argument, "unknown storage: " + s.storage +
                                            " (this server keeps its databases in " + storage +
                                            ")"};
    }
    std::optional<std::string> name;
    if (!s.retention_policy.empty()) name = s.retention_policy;
    RetentionPolicySpec spec = policy_spec(s, std::move(name));
    spec.database_durability = s.durability;
    return session.catalog.create_database(s.name, spec);
}

// The rows go first: after a crash in between, dropping again finishes the work.
Status drop_database(Session &session, const Statement &s) {
    const Result<Database> database = session.catalog.database(s.name);
    if (database.code() == Code::not_found) return {};
    if (!database.ok()) return database.status();
    VARVE_RETURN_IF_ERROR(session.storage.drop_database(database->id, 0));
    return session.catalog.drop_database(s.name);
}

Status drop_policy(Session &session, const Statement &s) {
    const Result<Database> database = session.catalog.database(s.database);
    if (database.code() == Code::not_found) return {};
    if (!database.ok()) return database.status();
    const RetentionPolicy *policy = database->policy(s.name);
    if (policy == nullptr) return {};
    VARVE_RETURN_IF_ERROR(session.storage.drop_database(database->id, policy->id));
    return session.catalog.drop_retention_policy(s.database, s.name);
}

Status alter_policy(Session &session, const Statement &s) {
    RetentionPolicyChange change;
    change.duration_ns = s.duration_ns;
    change.shard_duration_ns = s.shard_duration_ns;
    if (s.replication) change.replica_n = static_cast<uint32_t>(*s.replication);
    change.make_default = s.flag;
    return session.catalog.alter_retention_policy(s.database, s.name, change);
}

}  // namespace

Status execute_definition(Session &session, const Statement &statement) {
    switch (statement.kind) {
        case StatementKind::create_database:
            return create_database(session, statement);
        case StatementKind::drop_database:
            return drop_database(session, statement);
        case StatementKind::create_retention_policy:
            return session.catalog.create_retention_policy(statement.database,
                                                           policy_spec(statement, statement.name));
        case StatementKind::alter_retention_policy:
            return alter_policy(session, statement);
        case StatementKind::alter_database:
            return rename_database(session, statement);
        case StatementKind::alter_measurement:
            return rename_measurement(session, statement);
        case StatementKind::drop_retention_policy:
            return drop_policy(session, statement);
        default:
            return delete_rows(session, statement);
    }
}

}  // namespace varve::query::influxql
