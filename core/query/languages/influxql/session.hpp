// What the statements of one request work with, and how names of databases, policies and
// measurements become what storage knows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "auth/accounts.hpp"
#include "model/catalog.hpp"
#include "monitor/diagnostics.hpp"
#include "monitor/statistics.hpp"
#include "query/encode/encoder.hpp"
#include "query/exec/storage_gateway.hpp"
#include "query/exec/task_runner.hpp"
#include "query/function_table.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "query/running_queries.hpp"

namespace varve {
class WriteService;
}

namespace varve::query::influxql {

// What runs on the server, and the clock of its durations.
struct Running {
    RunningQueries &queries;
    const std::function<int64_t()> &monotonic_ns;
};

// What the server shows of itself; null = nothing.
struct ServerFacts {
    const monitor::Statistics *statistics = nullptr;
    const monitor::Diagnostics *diagnostics = nullptr;
};

// One request's; used by one thread at a time.
struct Session {
    Catalog &catalog;
    auth::Accounts &accounts;
    const auth::Access access;  // what the asker may do; the statements are authorised already
    const StorageGateway &storage;
    WriteService &writes;  // SELECT INTO
    const FunctionTable &functions;
    TaskRunner &tasks;
    exec::Budget &budget;
    encode::Encoder &encoder;
    Running running;
    ServerFacts server;
    std::string database;          // of the request, may be empty
    std::string retention_policy;  // of the request, may be empty
    int64_t now_ns = 0;
    bool read_only = false;  // a GET: changes are made, with a warning
};

// "float", "integer", …; "unknown" for none.
std::string_view type_name(plan::Type type);

using FieldTypes = std::map<std::string, std::vector<plan::Type>>;  // strongest first

struct PreparedSelect;
struct PreparedJoin;

// One measurement: of storage, among what a subquery gives, or a join.
struct ResolvedSource {
    plan::ScanSource scan;
    FieldTypes fields;
    std::set<std::string> tags;
    std::shared_ptr<const PreparedSelect> subquery;
    std::shared_ptr<const PreparedJoin> join;
    std::set<std::string> tag_fields;  // fields of a subquery that are tags inside
    std::set<std::string> implied;     // fields of a subquery that no wildcard finds

    bool of_storage() const { return subquery == nullptr && join == nullptr; }
};

// Snapshots and sources of one statement.
class SourceResolver {
  public:
    explicit SourceResolver(const Session &session) : session_(session) {}

    // The database a statement means: the named one, else the request's. Errors "database name
    // required", "database not found: NAME".
    Result<Database> database(const std::string &name) const;
    // The named policy, else the request's, else the default. Error "default retention policy not
    // set for: NAME".
    Result<std::string> policy_name(const Database &database, const std::string &name) const;
    // The same, which must exist. Errors also "retention policy not found: NAME".
    Result<RetentionPolicy> policy(const Database &database, const std::string &name) const;
    Result<std::shared_ptr<exec::Snapshot>> snapshot(uint64_t db_id);

    // Every measurement of storage that the source names and `out` does not have yet; regexes are
    // looked up. Fields are those of the shards that the range touches; only its rows are read.
    Status resolve(const Source &source, const plan::TimeRange &range,
                   std::vector<ResolvedSource> &out);
    const std::vector<std::shared_ptr<exec::Snapshot>> &snapshots() const { return snapshots_; }

  private:
    Status read_schema(const exec::Snapshot &snapshot, const plan::TimeRange &range,
                       ResolvedSource &source) const;

    const Session &session_;
    std::vector<std::shared_ptr<exec::Snapshot>> snapshots_;
};

// What a cast says of a name that is not there; none without one.
plan::Type type_of_cast(DataType cast);

// What a reference (or a wildcard's name) is in these sources.
struct Names {
    FieldTypes fields;
    std::set<std::string> tags;
    std::set<std::string> subquery_tags;  // those that a subquery groups by
    std::set<std::string> tag_fields;     // functions of every field (*) leave them out
    std::set<std::string> found;          // the fields that wildcards find
    bool of_subqueries = false;           // of nothing else

    explicit Names(const std::vector<ResolvedSource> &sources);
    // Unknown names have type none; fields win over tags.
    plan::Input resolve(const std::string &name, DataType cast) const;
    // The same for what a function is computed over: it takes a subquery's tags as if they were
    // strings.
    plan::Input resolve_argument(const std::string &name, DataType cast) const;
};

}  // namespace varve::query::influxql
