// The administration of InfluxDB 0.8 as statements, which only the server's own faces send:
// "create database user". Who and what is meant comes in bound parameters, so no secret stands in a
// text that is logged or listed.
#pragma once

#include <string>
#include <string_view>

#include "query/encode/json_writer.hpp"
#include "query/languages/influxql/session.hpp"
#include "query/languages/influxql08/admin/json_value.hpp"
#include "query/languages/influxql08/session.hpp"

namespace varve::query::influxql08 {

// One statement with its parameters and where its answer goes.
struct AdminCall {
    influxql::Session &server;  // with what databases, policies and users are made and dropped
    const Session &session;
    std::string name;  // parameter `name`: whose path it was
    std::string body;  // parameter `body`: JSON, if the statement wants any
    encode::JsonWriter &out;

    const auth::Access &access() const { return session.access; }
    const std::string &database() const { return session.database; }
    auth::Accounts &accounts() const { return server.accounts; }
};

// Fills name and body. invalid_argument for what are no parameters.
Status read_parameters(std::string_view params, AdminCall &call);

// permission_denied and unauthenticated where the asker may not; already_exists for a database that
// exists, failed_precondition for a shard space that is not there to be changed.
Status execute_admin(AdminCall &call, std::string_view statement);

// ---- the statements, by what they are about; who may is asked before

// databases.cpp
Status list_databases(AdminCall &call);
Status create_database(AdminCall &call);
Status drop_database(AdminCall &call);
Status drop_series(AdminCall &call);
Status configure_database(AdminCall &call);
// users.cpp
Status authenticate(AdminCall &call);
Status list_database_users(AdminCall &call);
Status show_database_user(AdminCall &call);
Status create_database_user(AdminCall &call);
Status alter_database_user(AdminCall &call);
Status drop_database_user(AdminCall &call);
Status list_cluster_admins(AdminCall &call);
Status create_cluster_admin(AdminCall &call);
Status alter_cluster_admin(AdminCall &call);
Status drop_cluster_admin(AdminCall &call);
// shard_spaces.cpp
Status list_shard_spaces(AdminCall &call);
Status create_shard_space(AdminCall &call);
Status alter_shard_space(AdminCall &call);
Status drop_shard_space(AdminCall &call);
Status list_shards(AdminCall &call);
Status create_shards(AdminCall &call);
Status drop_shard(AdminCall &call);
// cluster.cpp
Status list_interfaces(AdminCall &call);
Status check_sync(AdminCall &call);
Status compact_raft_log(AdminCall &call);
Status show_configuration(AdminCall &call);
Status list_servers(AdminCall &call);
Status drop_server(AdminCall &call);

// ---- what several of them need

// The body's object. invalid_argument also for other JSON.
Result<JsonValue> read_body(const AdminCall &call);
// Runs a statement of InfluxQL.
Status run_definition(AdminCall &call, const influxql::Statement &statement);
// Makes a space as a body describes it, in the database.
Status add_space(AdminCall &call, const std::string &database, const JsonValue &space);

}  // namespace varve::query::influxql08
