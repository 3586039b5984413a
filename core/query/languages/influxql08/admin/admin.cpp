#include "query/languages/influxql08/admin/admin.hpp"

#include <algorithm>
#include <array>

#include "query/languages/influxql/statements.hpp"

namespace varve::query::influxql08 {

namespace {

enum class Needs : uint8_t { nothing, user, database_admin, own_user, cluster_admin, first_admin };

struct Entry {
    std::string_view text;
    Needs needs;
    Status (*run)(AdminCall &);
};

constexpr std::array kStatements{
    Entry{"list databases", Needs::cluster_admin, list_databases},
    Entry{"create database", Needs::cluster_admin, create_database},
    Entry{"drop database", Needs::cluster_admin, drop_database},
    Entry{"drop series", Needs::database_admin, drop_series},
    Entry{"configure database", Needs::cluster_admin, configure_database},
    Entry{"authenticate database user", Needs::user, authenticate},
    Entry{"list database users", Needs::database_admin, list_database_users},
    Entry{"show database user", Needs::database_admin, show_database_user},
    Entry{"create database user", Needs::database_admin, create_database_user},
    Entry{"alter database user", Needs::own_user, alter_database_user},
    Entry{"drop database user", Needs::database_admin, drop_database_user},
    Entry{"authenticate cluster admin", Needs::cluster_admin, authenticate},
    Entry{"list cluster admins", Needs::cluster_admin, list_cluster_admins},
    Entry{"create cluster admin", Needs::first_admin, create_cluster_admin},
    Entry{"alter cluster admin", Needs::cluster_admin, alter_cluster_admin},
    Entry{"drop cluster admin", Needs::cluster_admin, drop_cluster_admin},
    Entry{"list shard spaces", Needs::cluster_admin, list_shard_spaces},
    Entry{"create shard space", Needs::cluster_admin, create_shard_space},
    Entry{"alter shard space", Needs::cluster_admin, alter_shard_space},
    Entry{"drop shard space", Needs::cluster_admin, drop_shard_space},
    Entry{"list shards", Needs::cluster_admin, list_shards},
    Entry{"create shards", Needs::cluster_admin, create_shards},
    Entry{"drop shard", Needs::cluster_admin, drop_shard},
    Entry{"list interfaces", Needs::nothing, list_interfaces},
    Entry{"check sync", Needs::cluster_admin, check_sync},
    Entry{"compact raft log", Needs::cluster_admin, compact_raft_log},
    Entry{"show configuration", Needs::cluster_admin, show_configuration},
    Entry{"list servers", Needs::cluster_admin, list_servers},
    Entry{"drop server", Needs::cluster_admin, drop_server},
};

bool may(const AdminCall &call, Needs needs) {
    const auth::Access &access = call.access();
    switch (needs) {
        case Needs::nothing:
            return true;
        case Needs::user:
            return access.is_admin() || access.sees(call.database());
        case Needs::database_admin:
            return access.is_admin_of(call.database());
        case Needs::own_user:  // which is limited to the password, see alter_database_user
            return access.is_admin_of(call.database()) ||
                   (access.is_user_of(call.database()) && access.name() == call.name);
        case Needs::cluster_admin:
            return access.is_admin();
        case Needs::first_admin:
            return access.is_admin() || access.kind() == auth::Access::Kind::no_users;
    }
    return false;
}

Status check(const AdminCall &call, const Entry &entry) {
    if (may(call, entry.needs)) return {};
    if (call.access().name().empty()) {
        return {Code::unauthenticated, "Invalid username/password"};
    }
    return {Code::permission_denied, "Insufficient permissions to " + std::string(entry.text)};
}

}  // namespace

Status read_parameters(std::string_view params, AdminCall &call) {
    const Result<JsonValue> parsed = parse_json(params);
    if (!parsed.ok()) return parsed.status();
    call.name = parsed->at("name").text;
    call.body = parsed->at("body").text;
    return {};
}

Status execute_admin(AdminCall &call, std::string_view statement) {
    const auto found = std::find_if(kStatements.begin(), kStatements.end(),
                                    [&](const Entry &entry) { return entry.text == statement; });
    if (found == kStatements.end()) {
        return {Code::invalid_argument, "unknown statement: " + std::string(statement)};
    }
    VARVE_RETURN_IF_ERROR(check(call, *found));
    return found->run(call);
}

Result<JsonValue> read_body(const AdminCall &call) {
    Result<JsonValue> body = parse_json(call.body);
    if (body.ok() && !body->is(JsonValue::Kind::object)) {
        return Status(Code::invalid_argument, "the body must be a JSON object");
    }
    return body;
}

Status run_definition(AdminCall &call, const influxql::Statement &statement) {
    return influxql::execute_statement(call.server, statement);
}

}  // namespace varve::query::influxql08
