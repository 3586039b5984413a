#include "monitor/diagnostics.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <thread>

#include "model/duration.hpp"
#include "model/time.hpp"

namespace varve::monitor {

void Diagnostics::add(std::string name, Source source) {
    const std::scoped_lock lock(mutex_);
    sources_[std::move(name)] = std::move(source);
}

std::map<std::string, DiagnosticColumns> Diagnostics::gather() const {
    std::map<std::string, DiagnosticColumns> all;
    const std::scoped_lock lock(mutex_);
    for (const auto &[name, source] : sources_) all[name] = source();
    return all;
}

std::string host_name() {
    char name[256] = "";
    if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
    return name;
}

namespace {

// InfluxDB's column and the key that decides here what it shows there.
struct ConfigColumn {
    const char *table;
    const char *column;
    const char *key;
    enum class Kind { text, number, duration, boolean } kind;
};

using enum ConfigColumn::Kind;

constexpr ConfigColumn kConfigColumns[] = {
    {"config", "bind-address", "http.bind_address", text},
    {"config-coordinator", "log-queries-after", "query.slow_log_threshold", duration},
    {"config-coordinator", "max-concurrent-queries", "query.concurrency_max", number},
    {"config-coordinator", "max-select-buckets", "query.max_select_buckets", number},
    {"config-coordinator", "max-select-point", "query.max_select_points", number},
    {"config-coordinator", "max-select-series", "query.max_select_series", number},
    {"config-coordinator", "query-timeout", "query.timeout", duration},
    {"config-data", "dir", "server.data_dir", text},
    {"config-data", "max-series-per-database", "write.max_series_per_database", number},
    {"config-data", "max-values-per-tag", "write.max_values_per_tag", number},
    {"config-httpd", "bind-address", "http.bind_address", text},
    {"config-httpd", "max-connection-limit", "http.connections_max", number},
    {"config-monitor", "store-database", "monitor.store_database", text},
    {"config-monitor", "store-enabled", "monitor.store_enabled", boolean},
    {"config-monitor", "store-interval", "monitor.store_interval", duration},
    {"config-retention", "check-interval", "write.retention_check_interval", duration},
};

DiagnosticValue config_value(const Config &config, const ConfigColumn &column) {
    switch (column.kind) {
        case text:
            return config.text(column.key);
        case number:
            return config.integer(column.key);
        case duration:
            return format_go_duration(config.integer(column.key));
        default:
            return config.boolean(column.key);
    }
}

DiagnosticColumns config_table(const Config &config, const std::string &table) {
    DiagnosticColumns columns;
    for (const ConfigColumn &column : kConfigColumns) {
        if (table == column.table) columns[column.column] = config_value(config, column);
    }
    if (table == "config-httpd") {
        columns["enabled"] = true;
        columns["https-enabled"] = !config.text("http.tls_certificate").empty();
    }
    return columns;
}

DiagnosticColumns runtime_table() {
    utsname system{};
    ::uname(&system);
    return {{"GOARCH", std::string(system.machine)},
            {"GOMAXPROCS", static_cast<int64_t>(std::thread::hardware_concurrency())},
            {"GOOS", std::string("linux")},
            {"version", "C++ " + std::string(__VERSION__)}};
}

}  // namespace

void add_server_diagnostics(Diagnostics &diagnostics, const Config &config, Env &env,
                            int64_t started_ns) {
    diagnostics.add("build", [] {
        return DiagnosticColumns{{"Branch", std::string("unknown")},
                                 {"Build Time", std::string()},
                                 {"Commit", std::string("unknown")},
                                 {"Varve Version", std::string(VARVE_VERSION)},
                                 {"Version", std::string("1.8.10")}};
    });
    for (const ConfigColumn &column : kConfigColumns) {
        const std::string table = column.table;
        diagnostics.add(table, [&config, table] { return config_table(config, table); });
    }
    diagnostics.add("network", [] { return DiagnosticColumns{{"hostname", host_name()}}; });
    diagnostics.add("runtime", runtime_table);
    diagnostics.add("system", [&env, started_ns] {
        const int64_t now_ns = env.now_ns();
        return DiagnosticColumns{{"PID", static_cast<int64_t>(::getpid())},
                                 {"currentTime", format_rfc3339(now_ns)},
                                 {"started", format_rfc3339(started_ns)},
                                 {"uptime", format_go_duration(now_ns - started_ns)}};
    });
}

}  // namespace varve::monitor
