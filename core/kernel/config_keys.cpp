// The core's configuration keys, at their defaults. etc/varve.toml shows the same list to people; a
// test keeps both equal.
#include "kernel/config.hpp"

namespace varve {
namespace {

constexpr uint32_t kLive = VARVE_CONFIG_RELOADABLE;

const varve_config_key kCoreKeys[] = {
    {"server.data_dir", "\"/var/lib/varve\"", "Where everything is kept.", VARVE_CONFIG_STRING, 0},
    {"server.drain_timeout", "\"10s\"", "How long a stop waits for requests under way.",
     VARVE_CONFIG_DURATION, 0},

    {"plugins.path", "[]",
     "Directories with plugins; empty = beside the program, then the installed ones.",
     VARVE_CONFIG_STRINGS, 0},
    {"plugins.allow", "[]", "Ids of the plugins that may be loaded (\"inputs.udp\"); empty = all.",
     VARVE_CONFIG_STRINGS, 0},
    {"plugins.required", "[]", "Ids without which the server does not start.", VARVE_CONFIG_STRINGS,
     0},

    {"memory.limit", "\"0\"", "All accounts together; 0 = 60 % of the machine or the cgroup.",
     VARVE_CONFIG_SIZE, 0},

    {"http.bind_address", "\":8086\"",
     "Address and port of everything HTTP; port 0 = any free one.", VARVE_CONFIG_STRING, 0},
    {"http.unix_socket", "\"\"", "Path of a unix socket to listen on as well; empty = none.",
     VARVE_CONFIG_STRING, 0},
    {"http.unix_socket_mode", "\"0660\"", "Its permissions, octal.", VARVE_CONFIG_STRING, 0},
    {"http.tls_certificate", "\"\"",
     "PEM file with the certificate chain, read again on SIGHUP; empty = plain HTTP.",
     VARVE_CONFIG_STRING, 0},
    {"http.tls_key", "\"\"", "PEM file with its private key.", VARVE_CONFIG_STRING, 0},
    {"http.threads", "0", "Threads that serve sockets; 0 = the larger of 8 and twice the cores.",
     VARVE_CONFIG_INTEGER, 0},
    {"http.connections_max", "0", "Open connections; 0 = as many as the file limit allows.",
     VARVE_CONFIG_INTEGER, 0},
    {"http.body_size_max", "25000000", "A request's body, as sent and as unpacked.",
     VARVE_CONFIG_SIZE, 0},
    {"http.body_memory_max", "\"256MiB\"", "All bodies under way together.", VARVE_CONFIG_SIZE, 0},
    {"http.queue_max", "1024", "Requests that wait for a worker.", VARVE_CONFIG_INTEGER, 0},
    {"http.idle_timeout", "\"3m\"", "A connection without a request is closed.",
     VARVE_CONFIG_DURATION, 0},
    {"http.header_timeout", "\"10s\"", "From a request's first byte to the end of its header.",
     VARVE_CONFIG_DURATION, 0},
    {"http.body_timeout", "\"30s\"", "Without progress in a body.", VARVE_CONFIG_DURATION, 0},
    {"http.write_timeout", "\"30s\"", "Without progress in an answer.", VARVE_CONFIG_DURATION, 0},
    {"http.access_log", "false", "Log every request.", VARVE_CONFIG_BOOLEAN, kLive},
    {"http.max_row_limit", "0",
     "Rows of an answer that is not chunked; further ones are left out. 0 = no limit.",
     VARVE_CONFIG_INTEGER, kLive},
    {"http.pprof_auth_enabled", "true",
     "With auth.enabled: only administrators see /debug/vars, /debug/requests and /debug/pprof/.",
     VARVE_CONFIG_BOOLEAN, 0},

    {"auth.enabled", "false", "Ask for credentials.", VARVE_CONFIG_BOOLEAN, 0},
    {"auth.shared_secret", "\"\"",
     "Key of JSON Web Tokens (HS256, HS384, HS512) with the claims username and exp; empty = none.",
     VARVE_CONFIG_STRING, VARVE_CONFIG_SECRET},
    {"auth.failures_max", "30",
     "Wrong passwords a minute from one address for one name, then 429; 0 = no limit.",
     VARVE_CONFIG_INTEGER, 0},

    {"catalog.file", "\"\"",
     "The catalog's SQLite file; empty = catalog.sqlite in the data directory.",
     VARVE_CONFIG_STRING, 0},

    {"storage.engine", "\"strata\"", "The storage plugin that keeps the data.", VARVE_CONFIG_STRING,
     0},
    {"storage.durability", "\"always\"",
     "When a write is answered: always (synced), interval=100ms (synced soon), os.",
     VARVE_CONFIG_STRING, kLive},

    {"write.on_type_conflict", "\"reject\"",
     "A field arrives with another type than it has: reject the row, coerce, or keep both.",
     VARVE_CONFIG_STRING, kLive},
    {"write.max_series_per_database", "1000000", "0 = no limit.", VARVE_CONFIG_INTEGER, 0},
    {"write.max_series_per_measurement", "0", "0 = no limit.", VARVE_CONFIG_INTEGER, 0},
    {"write.max_values_per_tag", "100000", "0 = no limit.", VARVE_CONFIG_INTEGER, 0},
    {"write.unsigned_integers", "false", "Accept 1u in line protocol.", VARVE_CONFIG_BOOLEAN, 0},
    {"write.rejects_kept", "1000", "Rejected rows that can be read back.", VARVE_CONFIG_INTEGER, 0},
    {"write.retention_check_interval", "\"30m\"", "How often expired shards are looked for.",
     VARVE_CONFIG_DURATION, 0},

    {"query.max_select_buckets", "1000000", "GROUP BY time buckets of one query; 0 = no limit.",
     VARVE_CONFIG_INTEGER, kLive},
    {"query.max_select_series", "1000000", "Series one query may read; 0 = no limit.",
     VARVE_CONFIG_INTEGER, kLive},
    {"query.max_select_points", "0", "Points one query may read; 0 = no limit.",
     VARVE_CONFIG_INTEGER, kLive},
    {"query.timeout", "\"60s\"", "A query that runs longer is stopped; 0s = never.",
     VARVE_CONFIG_DURATION, kLive},
    {"query.memory", "\"1GiB\"", "Memory of one query.", VARVE_CONFIG_SIZE, kLive},
    {"query.concurrency_max", "8", "Queries at the same time; the rest wait.", VARVE_CONFIG_INTEGER,
     0},
    {"query.slow_log_threshold", "\"10s\"",
     "A statement that took this long is logged, passwords left out; 0s = none.",
     VARVE_CONFIG_DURATION, kLive},
    {"query.log_queries", "false", "Log every statement before it runs, passwords left out.",
     VARVE_CONFIG_BOOLEAN, kLive},
    {"query.queue_timeout", "\"30s\"", "How long a query waits for its turn.",
     VARVE_CONFIG_DURATION, kLive},

    {"monitor.store_enabled", "true", "Keep the server's own statistics in a database.",
     VARVE_CONFIG_BOOLEAN, 0},
    {"monitor.store_database", "\"_internal\"",
     "That database; made when it is missing, with a policy \"monitor\" of 7 days.",
     VARVE_CONFIG_STRING, 0},
    {"monitor.store_interval", "\"10s\"", "How often they are stored.", VARVE_CONFIG_DURATION, 0},

    {"continuous_queries.enabled", "true", "Run continuous queries.", VARVE_CONFIG_BOOLEAN, 0},
    {"continuous_queries.run_interval", "\"1s\"", "How often the due ones are looked for.",
     VARVE_CONFIG_DURATION, 0},
    {"continuous_queries.log_enabled", "true", "Log every run.", VARVE_CONFIG_BOOLEAN, 0},

    {"subscriber.enabled", "true", "Send copies of writes to the subscriptions' destinations.",
     VARVE_CONFIG_BOOLEAN, 0},
    {"subscriber.http_timeout", "\"30s\"", "To connect, to send and to be answered.",
     VARVE_CONFIG_DURATION, 0},
    {"subscriber.insecure_skip_verify", "false", "Do not check certificates of https destinations.",
     VARVE_CONFIG_BOOLEAN, 0},
    {"subscriber.ca_certs", "\"\"", "PEM file with the authorities to trust; empty = the system's.",
     VARVE_CONFIG_STRING, 0},
    {"subscriber.write_buffer_size", "1000",
     "Batches that wait for one destination; further ones are dropped and counted.",
     VARVE_CONFIG_INTEGER, 0},

    {"log.level", "\"info\"", "error, warning, info or debug.", VARVE_CONFIG_STRING, kLive},
    {"log.format", "\"logfmt\"", "logfmt or json.", VARVE_CONFIG_STRING, kLive},
};

}  // namespace

std::span<const varve_config_key> Config::core_keys() {
    return kCoreKeys;
}

}  // namespace varve
