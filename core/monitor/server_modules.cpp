// Where each figure comes from: metrics of /metrics under their own names, the allocator, the
// catalog and the storage engine. A figure that nothing counts here is left out.
#include "monitor/server_modules.hpp"

#include <malloc.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include <varve/cpp/bytes.hpp>

#include "monitor/shard_modules.hpp"

namespace varve::monitor {
namespace {

using Values = std::map<std::string, int64_t>;

int64_t whole(double number) {
    return std::llround(number);
}

// The server's metrics, rounded.
class Figures {
  public:
    explicit Figures(const SelfMetrics &metrics) : metrics_(metrics) {}

    int64_t total(std::string_view name) const { return whole(metrics_.total(name)); }
    int64_t value(std::string_view name, MetricLabels labels) const {
        return whole(metrics_.value(name, std::move(labels)));
    }
    int64_t nanoseconds(std::string_view name, MetricLabels labels) const {
        return whole(metrics_.value(name, std::move(labels)) * 1e9);
    }

  private:
    const SelfMetrics &metrics_;
};

// Of /proc/self/status: "Threads:\t12".
int64_t thread_count() {
    std::FILE *file = std::fopen("/proc/self/status", "re");
    if (file == nullptr) return 0;
    char line[256];
    long long threads = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
        if (std::sscanf(line, "Threads: %lld", &threads) == 1) break;
    }
    (void)std::fclose(file);
    return threads;
}

int64_t resident_bytes() {
    std::FILE *file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    long long size = 0;
    long long resident = 0;
    const int read = std::fscanf(file, "%lld %lld", &size, &resident);
    (void)std::fclose(file);
    return read == 2 ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

// Nothing collects garbage here: its runs are none. A thread stands for a goroutine.
Module runtime_module() {
    const struct mallinfo2 heap = ::mallinfo2();
    const auto in_use = static_cast<int64_t>(heap.uordblks + heap.hblkhd);
    return {"runtime",
            {},
            {{"Alloc", in_use},
             {"HeapAlloc", in_use},
             {"HeapIdle", static_cast<int64_t>(heap.fordblks)},
             {"HeapInUse", in_use},
             {"HeapSys", static_cast<int64_t>(heap.arena + heap.hblkhd)},
             {"NumGC", 0},
             {"NumGoroutine", thread_count()},
             {"PauseTotalNs", 0},
             {"Sys", resident_bytes()}}};
}

Module query_module(const Figures &figures) {
    const int64_t active = figures.value("varve_query_active", {});
    const int64_t finished = figures.value("varve_query_finished_total", {});
    return {"queryExecutor",
            {},
            {{"queriesActive", active},
             {"queriesExecuted", finished + active},
             {"queriesFinished", finished},
             {"queryDurationNs", figures.nanoseconds("varve_query_seconds_total", {})},
             {"recoveredPanics", figures.value("varve_query_exceptions_total", {})}}};
}

Module write_module(const Figures &figures) {
    const int64_t points = figures.value("varve_write_rows_asked_total", {});
    const auto writes = [&](const char *result) {
        return figures.value("varve_write_requests_total", {{"result", result}});
    };
    return {"write",
            {},
            {{"pointReq", points},
             {"pointReqLocal", points},
             {"req", writes("stored") + writes("failed")},
             {"subWriteDrop", figures.total("varve_output_dropped_total")},
             {"subWriteOk", figures.total("varve_output_delivered_total")},
             {"writeDrop", figures.value("varve_write_rows_dropped_total", {})},
             {"writeError", writes("failed")},
             {"writeOk", writes("stored")}}};
}

// All subscriptions, then each of their destinations.
void add_subscribers(const ModuleParts &parts, const Figures &figures, Modules &out) {
    constexpr const char *written = "varve_subscriber_points_written_total";
    constexpr const char *failures = "varve_subscriber_write_failures_total";
    out.push_back({"subscriber",
                   {},
                   {{"createFailures", figures.total("varve_subscriber_create_failures_total")},
                    {"pointsWritten", figures.total(written)},
                    {"writeFailures", figures.total(failures)}}});
    const auto subscriptions = parts.catalog.subscriptions();
    if (!subscriptions.ok()) return;
    for (const Subscription &subscription : *subscriptions) {
        for (const std::string &url : subscription.destinations) {
            auto tags = destination_tags(subscription, url);
            const MetricLabels labels(tags.begin(), tags.end());
            out.push_back({"subscriber",
                           std::move(tags),
                           {{"pointsWritten", figures.value(written, labels)},
                            {"writeFailures", figures.value(failures, labels)}}});
        }
    }
}

Module continuous_query_module(const Figures &figures) {
    return {"cq",
            {},
            {{"queryFail", figures.total("varve_cq_query_fail_total")},
             {"queryOk", figures.total("varve_cq_query_ok_total")}}};
}

// Requests, requests under way and time of the routes that one of InfluxDB's counters means.
struct RouteSums {
    int64_t requests = 0;
    int64_t active = 0;
    int64_t duration_ns = 0;

    RouteSums(const Figures &figures, std::initializer_list<const char *> routes) {
        for (const char *route : routes) {
            const MetricLabels labels{{"route", route}};
            requests += figures.value("varve_http_route_requests_total", labels);
            active += figures.value("varve_http_route_active", labels);
            duration_ns += figures.nanoseconds("varve_http_route_seconds_total", labels);
        }
    }
};

Module http_module(const Figures &figures, const std::string &address) {
    const RouteSums queries(figures, {"/query"});
    const RouteSums flux(figures, {"/api/v2/query"});
    const RouteSums writes(figures, {"/write", "/api/v2/write"});
    const int64_t active = figures.total("varve_http_route_active");
    const auto status = [&](const char *digits) {
        return figures.value("varve_http_requests_total", {{"status", digits}});
    };
    const auto requests = [&](const char *route) { return RouteSums(figures, {route}).requests; };
    const auto points = [&](const char *result) {
        return figures.value("varve_http_points_total",
                             {{"instance", "http.0"}, {"result", result}});
    };
    return {"httpd",
            {{"bind", address}},
            {{"authFail", figures.total("varve_auth_failures_total")},
             {"clientError", status("4xx")},
             {"fluxQueryReq", flux.requests},
             {"fluxQueryReqDurationNs", flux.duration_ns},
             {"pingReq", requests("/ping")},
             {"pointsWrittenDropped", points("dropped")},
             {"pointsWrittenFail", points("failed")},
             {"pointsWrittenOK", points("stored")},
             {"promReadReq", requests("/api/v1/prom/read")},
             {"promWriteReq", requests("/api/v1/prom/write")},
             {"queryReq", queries.requests},
             {"queryReqDurationNs", queries.duration_ns},
             {"queryRespBytes", figures.total("varve_http_query_bytes_total")},
             {"recoveredPanics", figures.value("varve_http_handlers_failed_total", {})},
             {"req", figures.total("varve_http_requests_total") + active},
             {"reqActive", active},
             {"reqDurationNs", figures.nanoseconds("varve_http_request_seconds_total", {})},
             {"serverError", status("5xx")},
             {"statusReq", requests("/status")},
             {"writeReq", writes.requests},
             {"writeReqActive", writes.active},
             {"writeReqBytes", figures.total("varve_http_write_bytes_total")},
             {"writeReqDurationNs", writes.duration_ns}}};
}

// "tcp://127.0.0.1:2003 udp://127.0.0.1:2003" → proto "tcp", bind "127.0.0.1:2003".
std::map<std::string, std::string> bind_tags(const std::string &addresses, bool has_proto) {
    const std::string first = addresses.substr(0, addresses.find(' '));
    const size_t scheme = first.find("://");
    if (scheme == std::string::npos) return {{"bind", first}};
    std::map<std::string, std::string> tags{{"bind", first.substr(scheme + 3)}};
    if (has_proto) tags["proto"] = first.substr(0, scheme);
    return tags;
}

// An input of rows, counted by its instance: udp and graphite.
Module input_module(const Figures &figures, const InputCard &card, const std::string &kind) {
    const MetricLabels instance{{"instance", card.instance}};
    const auto count = [&](const std::string &what) {
        return figures.value("varve_" + kind + '_' + what, instance);
    };
    const bool has_connections = kind == "graphite";
    Module module{kind,
                  bind_tags(card.addresses, has_connections),
                  {{"batchesTx", count("batches_total")},
                   {"batchesTxFail", count("failed_batches_total")},
                   {"bytesRx", count("bytes_total")},
                   {"pointsParseFail", count("bad_rows_total")},
                   {"pointsRx", count("received_rows_total")},
                   {"pointsTx", count("rows_total")}}};
    if (has_connections) {
        module.values["connsActive"] = count("connections");
        module.values["connsHandled"] = count("connections_total");
        module.values["pointsNaNFail"] = count("nan_values_total");
    }
    return module;
}

// Measurements and series of a database; false if storage does not say.
bool count_schema(const ModuleParts &parts, uint64_t db_id, Values &values) {
    const varve_storage &table = *parts.storage_table;
    varve_snapshot *snapshot = nullptr;
    uint64_t lsn = 0;
    varve_error error = abi_error();
    const int32_t opened = table.snapshot_open(parts.storage, db_id, &snapshot, &lsn, &error);
    if (opened != VARVE_OK) {
        values = {{"numMeasurements", 0}, {"numSeries", 0}};
        return opened == VARVE_NOT_FOUND;  // nothing was written to it yet
    }
    varve_schema_request request{};
    request.struct_size = sizeof request;
    request.db_id = db_id;
    uint64_t series = 0;
    uint64_t measurements = 0;
    const varve_schema_sink sink{&measurements, [](void *ctx, varve_str, uint32_t) -> int32_t {
                                     ++*static_cast<uint64_t *>(ctx);
                                     return VARVE_OK;
                                 }};
    const bool counted =
        table.cardinality(parts.storage, snapshot, &request, &series, &error) == VARVE_OK &&
        table.measurements(parts.storage, snapshot, &request, sink, &error) == VARVE_OK;
    table.snapshot_close(parts.storage, snapshot);
    values = {{"numMeasurements", static_cast<int64_t>(measurements)},
              {"numSeries", static_cast<int64_t>(series)}};
    return counted;
}

void add_databases(const ModuleParts &parts, Modules &out) {
    const auto databases = parts.catalog.databases();
    if (!databases.ok()) return;
    for (const Database &database : *databases) {
        Values values;
        if (!count_schema(parts, database.id, values)) continue;
        out.push_back({"database", {{"database", database.name}}, std::move(values)});
    }
}

std::string storage_status(const ModuleParts &parts) {
    std::string status;
    if (parts.maintenance == nullptr) return status;
    const varve_sink sink{&status, [](void *ctx, const char *data, uint64_t size) {
                              static_cast<std::string *>(ctx)->append(data, size);
                          }};
    varve_error error = abi_error();
    const int32_t code = parts.maintenance->status(parts.storage, sink, &error);
    return code == VARVE_OK ? status : std::string();
}

}  // namespace

void add_server_modules(Statistics &statistics, const ModuleParts &parts) {
    statistics.add_hidden("indexes", [parts](Modules &out) {
        const MemoryAccount &index = *parts.memory.find("index");
        out.push_back({"indexes", {}, {{"memoryBytes", static_cast<int64_t>(index.used())}}});
    });
    statistics.add([parts](Modules &out) {
        const Figures figures(parts.metrics);
        out.push_back(runtime_module());
        out.push_back(query_module(figures));
        add_databases(parts, out);
        add_shards(storage_status(parts), parts.data_dir, out);
        out.push_back(write_module(figures));
        add_subscribers(parts, figures, out);
        out.push_back(continuous_query_module(figures));
        out.push_back(http_module(figures, parts.http_address()));
        for (const InputCard &card : parts.inputs()) {
            const std::string kind = card.instance.substr(0, card.instance.find('.'));
            if (kind == "udp" || kind == "graphite") {
                out.push_back(input_module(figures, card, kind));
            }
        }
    });
}

}  // namespace varve::monitor
