// CREATE, ALTER and DROP of databases and policies; DELETE, DROP SERIES and DROP MEASUREMENT.
#include <re2/re2.h>

#include "query/languages/influxql/select/fold.hpp"
#include "query/languages/influxql/select/lower_condition.hpp"
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
    std::optional<std::string> name;
    if (!s.retention_policy.empty()) name = s.retention_policy;
    return session.catalog.create_database(s.name, policy_spec(s, std::move(name)));
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

// The measurements that FROM names; none in the list = all of the database.
Result<std::vector<std::string>> named_measurements(Session &session, const Statement &s,
                                                    uint64_t db_id) {
    std::vector<std::string> names;
    if (s.kind == StatementKind::drop_measurement) names.push_back(s.name);
    for (const Source &source : s.sources) {
        if (!source.regex) {
            names.push_back(source.name);
            continue;
        }
        const auto snapshot = exec::Snapshot::open(session.storage, db_id);
        if (!snapshot.ok()) return snapshot.status();
        const auto listed =
            (*snapshot)->list(&varve_storage::measurements, (*snapshot)->schema_request());
        if (!listed.ok()) return listed.status();
        for (const exec::Snapshot::Entry &entry : *listed) {
            if (re2::RE2::PartialMatch(entry.text, *source.regex)) names.push_back(entry.text);
        }
    }
    return names;
}

// A comparison with anything but text cannot be about a tag.
bool mentions_field(const Expr &expr) {
    if (expr.kind == ExprKind::binary) {
        const Expr &right = without_parens(expr.rhs());
        const bool about_tags = right.kind == ExprKind::string || right.kind == ExprKind::regex;
        if (expr.op != Token::and_op && expr.op != Token::or_op) return !about_tags;
    }
    for (const ExprPtr &arg : expr.args) {
        if (mentions_field(*arg)) return true;
    }
    return false;
}

Status delete_rows(Session &session, const Statement &s) {
    const SourceResolver resolver(session);
    const Result<Database> database = resolver.database({});
    if (!database.ok()) return database.status();
    const Result<SplitCondition> split = split_condition(s.condition, {session.now_ns, TimeZone()});
    if (!split.ok()) return split.status();
    const bool has_time = split->min_ns.has_value() || split->max_ns.has_value();
    if (s.kind == StatementKind::drop_series && has_time) {
        return {Code::invalid_argument, "DROP SERIES doesn't support time in WHERE clause"};
    }
    if (split->rest != nullptr && mentions_field(*split->rest)) {
        return {Code::invalid_argument, "fields not supported in WHERE clause during deletion"};
    }
    const plan::SeriesPredicate predicate =
        split->rest == nullptr ? plan::SeriesPredicate{} : lower_tag_condition(*split->rest);
    const exec::AbiPredicate abi(predicate);
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = database->id;
    request.from_ns = split->min_ns.value_or(kTimeMin);
    request.to_ns = split->max_ns.value_or(kTimeMax) + 1;
    request.series = predicate.op == VARVE_SERIES_ALL ? nullptr : abi.get();
    request.durability = VARVE_DURABILITY_ALWAYS;

    const Result<std::vector<std::string>> names = named_measurements(session, s, database->id);
    if (!names.ok()) return names.status();
    if (names->empty() && s.sources.empty()) return session.storage.delete_rows(request);
    for (const std::string &name : *names) {
        request.measurement = str(name);
        VARVE_RETURN_IF_ERROR(session.storage.delete_rows(request));
    }
    return {};
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
        case StatementKind::drop_retention_policy:
            return drop_policy(session, statement);
        default:
            return delete_rows(session, statement);
    }
}

}  // namespace varve::query::influxql
