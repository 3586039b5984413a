#include "kernel/host/handle.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include <varve/cpp/plugin.hpp>

#ifndef VARVE_VERSION
#define VARVE_VERSION "unknown"
#endif

namespace varve {
namespace {

// ---- log ----

int32_t log_enabled(const varve_host *host, uint32_t level) {
    return HostHandle::from(host).services().log->enabled(level) ? 1 : 0;
}

void log_write(const varve_host *host, uint32_t level, varve_str message,
               const varve_log_field *fields, uint32_t field_count) {
    guarded_void([&] {
        const HostHandle &handle = HostHandle::from(host);
        std::vector<LogPair> pairs{{"plugin", handle.instance_name()}};
        for (uint32_t i = 0; i < field_count; ++i) {
            pairs.push_back({view(fields[i].key), view(fields[i].value)});
        }
        handle.services().log->write(level, view(message), pairs);
    });
}

const varve_host_log kLogTable = {sizeof(varve_host_log), 0, log_enabled, log_write};

// ---- config ----

varve_str config_instance_name(const varve_host *host) {
    return str(HostHandle::from(host).instance_name());
}

varve_str config_data_dir(const varve_host *host) {
    return str(HostHandle::from(host).services().config->text("server.data_dir"));
}

// The setting, if it is of type T; texts of errors have key and origin.
template <typename T>
int32_t config_get(const varve_host *host, const char *key, const T *&out, varve_error *error) {
    return guarded(error, [&]() -> Status {
        const HostHandle &handle = HostHandle::from(host);
        const std::string full = handle.config_prefix() + '.' + key;
        const Setting *setting = handle.services().config->find(full);
        if (setting == nullptr) return {Code::not_found, "there is no key " + full};
        out = std::get_if<T>(&setting->value);
        if (out != nullptr) return {};
        return {Code::invalid_argument, setting->origin + ": " + full + " is of another type"};
    });
}

int32_t config_string(const varve_host *host, const char *key, varve_str *out, varve_error *error) {
    const std::string *text = nullptr;
    const int32_t code = config_get(host, key, text, error);
    if (code == VARVE_OK) *out = str(*text);
    return code;
}

int32_t config_integer(const varve_host *host, const char *key, int64_t *out, varve_error *error) {
    const int64_t *number = nullptr;
    const int32_t code = config_get(host, key, number, error);
    if (code == VARVE_OK) *out = *number;
    return code;
}

int32_t config_float(const varve_host *host, const char *key, double *out, varve_error *error) {
    const double *number = nullptr;
    const int32_t code = config_get(host, key, number, error);
    if (code == VARVE_OK) *out = *number;
    return code;
}

int32_t config_boolean(const varve_host *host, const char *key, int32_t *out, varve_error *error) {
    const bool *flag = nullptr;
    const int32_t code = config_get(host, key, flag, error);
    if (code == VARVE_OK) *out = *flag ? 1 : 0;
    return code;
}

int32_t config_string_at(const varve_host *host, const char *key, uint32_t index, varve_str *out,
                         varve_error *error) {
    const std::vector<std::string> *texts = nullptr;
    const int32_t code = config_get(host, key, texts, error);
    if (code != VARVE_OK) return code;
    if (index >= texts->size()) return VARVE_END;
    *out = str((*texts)[index]);
    return VARVE_OK;
}

const varve_host_config kConfigTable = {sizeof(varve_host_config),
                                        0,
                                        config_instance_name,
                                        config_data_dir,
                                        config_string,
                                        config_integer,
                                        config_float,
                                        config_boolean,
                                        config_string_at};

// ---- metrics ----

varve_metric *find_metric(const varve_host *host, const char *name, const char *help,
                          const varve_label *labels, uint32_t label_count, bool is_counter) {
    try {
        const HostHandle &handle = HostHandle::from(host);
        MetricLabels all{{"instance", handle.instance_name()}};
        for (uint32_t i = 0; i < label_count; ++i) {
            all.emplace_back(view(labels[i].name), view(labels[i].value));
        }
        SelfMetrics &metrics = *handle.services().metrics;
        SelfMetric &metric = is_counter ? metrics.counter(name, help, std::move(all))
                                        : metrics.gauge(name, help, std::move(all));
        return reinterpret_cast<varve_metric *>(&metric);
    } catch (...) {
        return nullptr;
    }
}

varve_metric *metrics_counter(const varve_host *host, const char *name, const char *help,
                              const varve_label *labels, uint32_t label_count) {
    return find_metric(host, name, help, labels, label_count, true);
}

varve_metric *metrics_gauge(const varve_host *host, const char *name, const char *help,
                            const varve_label *labels, uint32_t label_count) {
    return find_metric(host, name, help, labels, label_count, false);
}

void metrics_add(varve_metric *metric, double amount) {
    reinterpret_cast<SelfMetric *>(metric)->add(amount);
}

void metrics_set(varve_metric *metric, double value) {
    reinterpret_cast<SelfMetric *>(metric)->set(value);
}

const varve_host_metrics kMetricsTable = {
    sizeof(varve_host_metrics), 0, metrics_counter, metrics_gauge, metrics_add, metrics_set};

// ---- memory ----

MemoryAccount *account_of(const varve_account *account) {
    return reinterpret_cast<MemoryAccount *>(const_cast<varve_account *>(account));
}

varve_account *memory_account(const varve_host *host, const char *name) {
    return reinterpret_cast<varve_account *>(HostHandle::from(host).services().memory->find(name));
}

varve_account *memory_open(varve_account *parent, const char *name, uint64_t limit_bytes) {
    try {
        return reinterpret_cast<varve_account *>(
            new MemoryAccount(name, limit_bytes, account_of(parent)));
    } catch (...) {
        return nullptr;
    }
}

void memory_close(varve_account *account) {
    delete account_of(account);
}

int32_t memory_charge(varve_account *account, uint64_t size_bytes, varve_error *error) {
    return guarded(error, [&] { return account_of(account)->charge(size_bytes); });
}

void memory_release(varve_account *account, uint64_t size_bytes) {
    account_of(account)->release(size_bytes);
}

uint64_t memory_used(const varve_account *account) {
    return account_of(account)->used();
}
uint64_t memory_limit(const varve_account *account) {
    return account_of(account)->limit();
}

const varve_host_memory kMemoryTable = {sizeof(varve_host_memory),
                                        0,
                                        memory_account,
                                        memory_open,
                                        memory_close,
                                        memory_charge,
                                        memory_release,
                                        memory_used,
                                        memory_limit};

// ---- clock ----

int64_t clock_now_ns(const varve_host *host) {
    return HostHandle::from(host).services().env->now_ns();
}
int64_t clock_monotonic_ns(const varve_host *host) {
    return HostHandle::from(host).services().env->monotonic_ns();
}
void clock_random(const varve_host *host, void *out, uint64_t size) {
    HostHandle::from(host).services().env->random(out, size);
}

const varve_host_clock kClockTable = {sizeof(varve_host_clock), 0, clock_now_ns, clock_monotonic_ns,
                                      clock_random};

// ---- write, query ----

// What an older plugin does not know is zero.
varve_write_request whole(const varve_write_request *request) {
    varve_write_request out{};
    std::memcpy(&out, request, std::min<size_t>(request->struct_size, sizeof out));
    return out;
}

void write_submit(const varve_host *host, varve_batch *batch, const varve_write_request *request,
                  void (*done)(void *, const varve_write_outcome *), void *ctx) {
    guarded_void(
        [&] { HostHandle::from(host).services().write->submit(batch, whole(request), done, ctx); });
}

int32_t write_check(const varve_host *host, const varve_write_request *request,
                    varve_error *error) {
    return guarded(error,
                   [&] { return HostHandle::from(host).services().write->check(whole(request)); });
}

uint64_t write_hash_seed(const varve_host *host) {
    return HostHandle::from(host).services().write->hash_seed();
}

int32_t write_unsigned_enabled(const varve_host *host) {
    return HostHandle::from(host).services().write->unsigned_enabled() ? 1 : 0;
}

const varve_host_write kWriteTable = {
    sizeof(varve_host_write), 0, write_submit, write_check, write_hash_seed,
    write_unsigned_enabled};

void query_run(const varve_host *host, const varve_query_request *request, varve_query_sink sink) {
    guarded_void([&] { HostHandle::from(host).services().query->run(*request, sink); });
}

const varve_host_query kQueryTable = {sizeof(varve_host_query), 0, query_run};

// ---- the handle ----

const void *find_extension(const varve_host *host, const char *id) {
    const HostServices &services = HostHandle::from(host).services();
    const struct {
        std::string_view id;
        const void *provider;
        const void *table;
    } tables[] = {
        {VARVE_HOST_LOG_ID, services.log, &kLogTable},
        {VARVE_HOST_CONFIG_ID, services.config, &kConfigTable},
        {VARVE_HOST_METRICS_ID, services.metrics, &kMetricsTable},
        {VARVE_HOST_MEMORY_ID, services.memory, &kMemoryTable},
        {VARVE_HOST_CLOCK_ID, services.env, &kClockTable},
        {VARVE_HOST_FILE_ID, services.env, host_file_table()},
        {VARVE_HOST_TASK_ID, services.executor, host_task_table()},
        {VARVE_HOST_HTTP_ID, services.routes, host_http_table()},
        {VARVE_HOST_WRITE_ID, services.write, &kWriteTable},
        {VARVE_HOST_QUERY_ID, services.query, &kQueryTable},
    };
    for (const auto &entry : tables) {
        if (entry.id == id) return entry.provider != nullptr ? entry.table : nullptr;
    }
    return nullptr;
}

}  // namespace

HostHandle::HostHandle(const HostServices &services, std::string instance_name,
                       std::string config_prefix)
    : services_(services),
      instance_name_(std::move(instance_name)),
      config_prefix_(std::move(config_prefix)),
      raw_{sizeof raw_, VARVE_ABI_MINOR, VARVE_VERSION, this, find_extension} {}

}  // namespace varve
