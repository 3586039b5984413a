// What the server is doing and has: SHOW QUERIES, KILL QUERY, SHOW SHARDS, SHOW SHARD GROUPS.
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
        for (const RetentionPolicy &policy : database.policies) {
            const auto groups = session.catalog.shard_groups(database.id, policy.id);
            if (!groups.ok()) return groups.status();
            for (const ShardGroup &group : *groups) {  // one shard each
                table.add_integer(static_cast<int64_t>(group.id));
                table.add_text(database.name);
                table.add_text(policy.name);
                table.add_integer(static_cast<int64_t>(group.id));
                table.add_text(format_rfc3339(group.from_ns));
                table.add_text(format_rfc3339(group.to_ns));
                table.add_text(expiry(group, policy));
                table.add_text("");
            }
        }
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
        for (const RetentionPolicy &policy : database.policies) {
            const auto groups = session.catalog.shard_groups(database.id, policy.id);
            if (!groups.ok()) return groups.status();
            for (const ShardGroup &group : *groups) {
                table.add_integer(static_cast<int64_t>(group.id));
                table.add_text(database.name);
                table.add_text(policy.name);
                table.add_text(format_rfc3339(group.from_ns));
                table.add_text(format_rfc3339(group.to_ns));
                table.add_text(expiry(group, policy));
            }
        }
    }
    return table.emit(session.encoder, true);
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
        default:
            return show_shard_groups(session);
    }
}

}  // namespace varve::query::influxql
