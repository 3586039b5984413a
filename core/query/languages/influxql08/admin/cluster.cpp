// What 0.8 asks of a cluster. There is one server, with the number 1.
#include "query/languages/influxql08/admin/admin.hpp"

namespace varve::query::influxql08 {

namespace {

constexpr int64_t kServer = 1;

void write_servers(encode::JsonWriter &out) {
    out.begin_array();
    out.begin_object();
    out.key("id");
    out.integer(kServer);
    for (const char *name : {"protobufConnectString", "raftConnectionString",
                             "leaderRaftConnectString", "raftName", "leaderRaftName"}) {
        out.key(name);
        out.text("");
    }
    for (const char *name : {"isUp", "isLeader"}) {
        out.key(name);
        out.boolean(true);
    }
    out.end_object();
    out.end_array();
}

}  // namespace

// Folders of web pages that are kept for it: none.
Status list_interfaces(AdminCall &call) {
    call.out.begin_array();
    call.out.end_array();
    return {};
}

Status check_sync(AdminCall &call) {
    call.out.boolean(true);
    return {};
}

// The catalog keeps no log that would grow.
Status compact_raft_log(AdminCall &call) {
    call.out.bytes() += "OK";
    return {};
}

Status show_configuration(AdminCall &call) {
    call.out.begin_object();
    call.out.key("databases");
    VARVE_RETURN_IF_ERROR(list_databases(call));
    call.out.key("servers");
    write_servers(call.out);
    call.out.key("shardSpaces");
    VARVE_RETURN_IF_ERROR(list_shard_spaces(call));
    call.out.key("shards");
    VARVE_RETURN_IF_ERROR(list_shards(call));
    call.out.end_object();
    return {};
}

Status list_servers(AdminCall &call) {
    write_servers(call.out);
    return {};
}

Status drop_server(AdminCall &call) {
    return {Code::invalid_argument, "Server " + call.name + " cannot be removed"};
}

}  // namespace varve::query::influxql08
