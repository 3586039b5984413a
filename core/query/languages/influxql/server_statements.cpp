// What the server is doing and has: SHOW QUERIES, KILL QUERY, SHOW SHARDS, SHOW SHARD GROUPS, SHOW
// STATS, SHOW DIAGNOSTICS.
#include "model/duration.hpp"
#include "query/languages/influxql/statements.hpp"
#include "query/languages/influxql/text_table.hpp"
#include "query/running_queries.hpp"

namespace varve::query::influxql {

namespace {

using exec::Type;

// Whole seconds, or milliseconds, or microseconds: the largest unit that the duration reaches.
std::string rounded(int64_t duration_ns) {
    int64_t unit_ns = 1'000;
    for (const int64_t larger_ns : {1'000'000, 1'000'000'000}) {
        if (duration_ns >= larger_ns) unit_ns = larger_ns;
    }
    return format_go_duration(duration_ns - duration_ns % unit_ns);
}

Status show_queries(Session &session) {
    TextTable table("", {{"qid", Type::integer},
                         {"query", Type::string},
                         {"database", Type::string},
                         {"duration", Type::string},
                         {"status", Type::string}});
    const int64_t now_ns = session.running.monotonic_ns();
    for (const auto &query : session.running.queries.list()) {
        table.add_integer(static_cast<int64_t>(query->id));
        table.add_text(query->text);
        table.add_text(query->database);
        table.add_text(rounded(now_ns - query->started_ns));
        table.add_text(query->killed.load() ? "killed" : "running");
    }
    return table.emit(session.encoder);
}

// A group is dropped when all of it is older than the policy's duration; without one, InfluxDB
// shows its end.
std::string expiry(const ShardGroup &group, const RetentionPolicy &policy) {
    int64_t expiry_ns = 0;
    const bool overflow = __builtin_add_overflow(group.to_ns, policy.duration_ns, &expiry_ns);
    return format_rfc3339(overflow ? group.to_ns : expiry_ns);
}

// Calls visit(policy, group) for all of the database's shard groups.
template <typename Visit>
Status for_each_group(const Session &session, const Database &database, Visit visit) {
    for (const RetentionPolicy &policy : database.policies) {
        const auto groups = session.catalog.shard_groups(database.id, policy.id);
        if (!groups.ok()) return groups.status();
        for (const ShardGroup &group : *groups) visit(policy, group);
    }
    return {};
}

// What both tables say of a group at the end of its row.
void add_times(TextTable &table, const RetentionPolicy &policy, const ShardGroup &group) {
    table.add_text(format_rfc3339(group.from_ns));
    table.add_text(format_rfc3339(group.to_ns));
    table.add_text(expiry(group, policy));
}

Status show_shards(Session &session) {
    const auto databases = session.catalog.databases();
    if (!databases.ok()) return databases.status();
    for (const Database &database : *databases) {
        TextTable table(database.name, {{"id", Type::integer},
                                        {"database", Type::string},
                                        {"retention_policy", Type::string},
                                        {"shard_group", Type::integer},
                                        {"start_time", Type::string},
                                        {"end_time", Type::string},
                                        {"expiry_time", Type::string},
                                        {"owners", Type::string}});
        const auto add = [&](const RetentionPolicy &policy, const ShardGroup &group) {
            table.add_integer(static_cast<int64_t>(group.id));  // one shard each
            table.add_text(database.name);
            table.add_text(policy.name);
            table.add_integer(static_cast<int64_t>(group.id));
            add_times(table, policy, group);
            table.add_text("");
        };
        VARVE_RETURN_IF_ERROR(for_each_group(session, database, add));
        VARVE_RETURN_IF_ERROR(table.emit(session.encoder, true));
    }
    return {};
}

Status show_shard_groups(Session &session) {
    TextTable table("shard groups", {{"id", Type::integer},
                                     {"database", Type::string},
                                     {"retention_policy", Type::string},
                                     {"start_time", Type::string},
                                     {"end_time", Type::string},
                                     {"expiry_time", Type::string}});
    const auto databases = session.catalog.databases();
    if (!databases.ok()) return databases.status();
    for (const Database &database : *databases) {
        const auto add = [&](const RetentionPolicy &policy, const ShardGroup &group) {
            table.add_integer(static_cast<int64_t>(group.id));
            table.add_text(database.name);
            table.add_text(policy.name);
            add_times(table, policy, group);
        };
        VARVE_RETURN_IF_ERROR(for_each_group(session, database, add));
    }
    return table.emit(session.encoder, true);
}

// One series per module, with one row: its figures.
Status show_stats(Session &session, const std::string &module_name) {
    if (session.server.statistics == nullptr) return {};
    const monitor::Statistics &statistics = *session.server.statistics;
    const monitor::Modules modules =
        module_name.empty() ? statistics.gather() : statistics.gather(module_name);
    for (const monitor::Module &module : modules) {
        std::vector<std::pair<std::string, Type>> columns;
        columns.reserve(module.values.size());
        for (const auto &[name, value] : module.values) columns.emplace_back(name, Type::integer);
        TextTable table(module.name, columns);
        table.set_tags(module.tags);
        for (const auto &[name, value] : module.values) table.add_integer(value);
        VARVE_RETURN_IF_ERROR(table.emit(session.encoder));
    }
    return {};
}

Type type_of(const monitor::DiagnosticValue &value) {
    if (std::holds_alternative<std::string>(value)) return Type::string;
    return std::holds_alternative<bool>(value) ? Type::boolean : Type::integer;
}

Status show_diagnostics(Session &session, const std::string &module_name) {
    if (session.server.diagnostics == nullptr) return {};
    for (const auto &[name, values] : session.server.diagnostics->gather()) {
        if (!module_name.empty() && name != module_name) continue;
        std::vector<std::pair<std::string, Type>> columns;
        for (const auto &[column, value] : values) columns.emplace_back(column, type_of(value));
        TextTable table(name, columns);
        for (const auto &[column, value] : values) {
            if (const auto *text = std::get_if<std::string>(&value)) {
                table.add_text(*text);
            } else if (const auto *flag = std::get_if<bool>(&value)) {
                table.add_boolean(*flag);
            } else {
                table.add_integer(std::get<int64_t>(value));
            }
        }
        VARVE_RETURN_IF_ERROR(table.emit(session.encoder));
    }
    return {};
}

}  // namespace

Status execute_server(Session &session, const Statement &statement) {
    switch (statement.kind) {
        case StatementKind::show_queries:
            return show_queries(session);
        case StatementKind::kill_query:
            return session.running.queries.kill(statement.number);
        case StatementKind::show_shards:
            return show_shards(session);
        case StatementKind::show_stats:
            return show_stats(session, statement.text);
        case StatementKind::show_diagnostics:
            return show_diagnostics(session, statement.text);
        default:
            return show_shard_groups(session);
    }
}

}  // namespace varve::query::influxql
