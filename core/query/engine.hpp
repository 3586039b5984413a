// The query service: text in one of the server's languages → encoded bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include <varve/host/query.h>

#include "auth/accounts.hpp"
#include "kernel/host/services.hpp"
#include "model/catalog.hpp"
#include "monitor/diagnostics.hpp"
#include "monitor/statistics.hpp"
#include "query/exec/budget.hpp"
#include "query/exec/storage_gateway.hpp"
#include "query/exec/task_runner.hpp"
#include "query/function_table.hpp"
#include "query/observer.hpp"
#include "query/running_queries.hpp"

namespace varve::query {

namespace influxql {
struct SelectStatement;
struct Session;
struct Statement;
}  // namespace influxql

namespace influxql08 {
struct Rollup;
}
namespace plan {
struct TimeRange;
}

struct Clock {
    std::function<int64_t()> now_ns;        // since the Unix epoch
    std::function<int64_t()> monotonic_ns;  // never goes back
};

// What the server has around the engine; each may be absent.
struct Surroundings {
    const monitor::Statistics *statistics = nullptr;    // SHOW STATS
    const monitor::Diagnostics *diagnostics = nullptr;  // SHOW DIAGNOSTICS
    Observer *observer = nullptr;
    MemoryAccount *memory = nullptr;  // of all queries together
};

// Thread-safe; everything it is made of outlives it.
class Engine {
  public:
    Engine(Catalog &catalog, auth::Accounts &accounts, StorageGateway storage, WriteService &writes,
           const FunctionTable &functions, TaskRunner &tasks, Clock clock, Limits limits = {},
           Surroundings surroundings = {});

    // [worker] Answers on the caller's thread, which it blocks while the sink says wait; ends with
    // sink.end. Refusals of the whole request (parse errors, bad parameters) come as
    // begin(VARVE_INVALID_ARGUMENT) and an error document, a lack of privileges likewise as
    // begin(VARVE_PERMISSION_DENIED); errors of a statement are in its result.
    void run(const varve_query_request &request, const varve_query_sink &sink);

    // [worker] Runs a SELECT INTO as the server itself, beyond all privileges; how many points it
    // wrote. Names without a database are the given one's.
    Result<uint64_t> write_select(const influxql::SelectStatement &select,
                                  const std::string &database,
                                  const std::function<bool()> &is_cancelled);

    // [worker] The same for a continuous query of InfluxDB 0.8, over a range.
    Result<uint64_t> write_rollup_08(const influxql08::Rollup &rollup, const std::string &database,
                                     const plan::TimeRange &range,
                                     const std::function<bool()> &is_cancelled);

    // For requests that begin after it.
    void set_limits(const Limits &limits);

  private:
    Limits limits() const;

    Status run_influxql(const varve_query_request &request, const varve_query_sink &sink,
                        class SinkWriter &writer);

    Status run_influxql08(const varve_query_request &request, const varve_query_sink &sink,
                          class SinkWriter &writer);
    // Statements of its administration, see languages/influxql08/admin.
    Status run_influxql08_admin(const varve_query_request &request, const varve_query_sink &sink,
                                class SinkWriter &writer);

    // Runs one statement, listed and told of; its rows are in the encoder.
    Status run_statement(influxql::Session &session, const influxql::Statement &statement,
                         std::string_view principal, std::optional<RunningQueries::Entry> &running);

    Catalog &catalog_;
    auth::Accounts &accounts_;
    const StorageGateway storage_;
    WriteService &writes_;
    const FunctionTable &functions_;
    TaskRunner &tasks_;
    const Clock clock_;
    mutable std::mutex mutex_;
    Limits limits_;  // guarded by mutex_
    const Surroundings surroundings_;
    RunningQueries running_;
};

}  // namespace varve::query
