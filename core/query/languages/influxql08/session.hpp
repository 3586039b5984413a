// What the statements of one request in InfluxDB 0.8's language work with.
#pragma once

#include <cstdint>
#include <string>

#include "auth/accounts.hpp"
#include "model/catalog.hpp"
#include "query/encode/encoder.hpp"
#include "query/exec/storage_gateway.hpp"
#include "query/exec/task_runner.hpp"
#include "query/function_table.hpp"

namespace varve::query::influxql08 {

// How requests and functions name the language.
inline constexpr std::string_view kLanguage = "influxql08";
inline constexpr std::string_view kAdminLanguage = "influxql08.admin";

// One request's; used by one thread at a time.
struct Session {
    Catalog &catalog;
    const auth::Access access;
    const StorageGateway &storage;
    const FunctionTable &functions;
    TaskRunner &tasks;
    exec::Budget &budget;
    encode::Encoder &encoder;
    std::string principal;
    std::string database;
    std::string retention_policy;  // empty = the database's default
    int64_t now_ns = 0;
};

// permission_denied "Insufficient permissions to WHAT".
inline Status need_admin(const Session &session, const std::string &what) {
    if (session.access.is_admin_of(session.database)) return {};
    return {Code::permission_denied, "Insufficient permissions to " + what};
}

}  // namespace varve::query::influxql08
