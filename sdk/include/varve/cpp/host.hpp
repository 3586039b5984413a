// The host's services for a plugin's instance, in C++. A Host is a handle: cheap to copy, valid as
// long as the instance. Threads and lifetimes are those of the C headers in varve/host/.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "../host/clock.h"
#include "../host/config.h"
#include "../host/file.h"
#include "../host/http.h"
#include "../host/log.h"
#include "../host/memory.h"
#include "../host/metrics.h"
#include "../host/query.h"
#include "../host/task.h"
#include "../host/write.h"
#include "bytes.hpp"
#include "status.hpp"

namespace varve {

// A key and its value on a log line.
struct LogField {
    std::string_view key;
    std::string_view value;
};

// A counter or gauge; copies share it. A default-made one counts nothing.
class Metric {
  public:
    Metric() = default;
    Metric(const varve_host_metrics *table, varve_metric *metric)
        : table_(table), metric_(metric) {}

    void add(double amount = 1) const {
        if (metric_ != nullptr) table_->add(metric_, amount);
    }
    void set(double value) const {
        if (metric_ != nullptr) table_->set(metric_, value);
    }

  private:
    const varve_host_metrics *table_ = nullptr;
    varve_metric *metric_ = nullptr;
};

class Host {
  public:
    explicit Host(const varve_host *raw) : raw_(raw) {}

    const varve_host *raw() const { return raw_; }

    // A service's table, or null where the host does not offer it.
    template <typename Table>
    const Table *service(const char *id) const {
        return static_cast<const Table *>(raw_->get_extension(raw_, id));
    }
    const varve_host_file *files() const { return service<varve_host_file>(VARVE_HOST_FILE_ID); }
    const varve_host_task *tasks() const { return service<varve_host_task>(VARVE_HOST_TASK_ID); }
    const varve_host_http *http() const { return service<varve_host_http>(VARVE_HOST_HTTP_ID); }
    const varve_host_write *writer() const {
        return service<varve_host_write>(VARVE_HOST_WRITE_ID);
    }
    const varve_host_query *querier() const {
        return service<varve_host_query>(VARVE_HOST_QUERY_ID);
    }
    const varve_host_memory *memory() const {
        return service<varve_host_memory>(VARVE_HOST_MEMORY_ID);
    }

    // ---- log ----
    void log(uint32_t level, std::string_view message,
             std::initializer_list<LogField> fields = {}) const {
        const auto *table = service<varve_host_log>(VARVE_HOST_LOG_ID);
        if (table == nullptr || table->enabled(raw_, level) == 0) return;
        std::vector<varve_log_field> raw;
        raw.reserve(fields.size());
        for (const LogField &field : fields) raw.push_back({str(field.key), str(field.value)});
        table->write(raw_, level, str(message), raw.data(), static_cast<uint32_t>(raw.size()));
    }
    void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        log(VARVE_LOG_ERROR, message, fields);
    }
    void log_warning(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        log(VARVE_LOG_WARNING, message, fields);
    }
    void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
        log(VARVE_LOG_INFO, message, fields);
    }

    // ---- configuration [main] ----
    std::string instance_name() const { return std::string(view(config()->instance_name(raw_))); }
    std::string data_dir() const { return std::string(view(config()->data_dir(raw_))); }

    Result<std::string> config_string(const char *key) const {
        varve_str out{};
        varve_error error = abi_error();
        const int32_t code = config()->get_string(raw_, key, &out, &error);
        if (code != VARVE_OK) return Status::from_abi(code, error);
        return std::string(view(out));
    }
    // Integers, durations (ns) and sizes (bytes).
    Result<int64_t> config_integer(const char *key) const {
        int64_t out = 0;
        varve_error error = abi_error();
        const int32_t code = config()->get_integer(raw_, key, &out, &error);
        if (code != VARVE_OK) return Status::from_abi(code, error);
        return out;
    }
    Result<double> config_float(const char *key) const {
        double out = 0;
        varve_error error = abi_error();
        const int32_t code = config()->get_float(raw_, key, &out, &error);
        if (code != VARVE_OK) return Status::from_abi(code, error);
        return out;
    }
    Result<bool> config_boolean(const char *key) const {
        int32_t out = 0;
        varve_error error = abi_error();
        const int32_t code = config()->get_boolean(raw_, key, &out, &error);
        if (code != VARVE_OK) return Status::from_abi(code, error);
        return out != 0;
    }
    Result<std::vector<std::string>> config_strings(const char *key) const {
        std::vector<std::string> all;
        for (uint32_t index = 0;; ++index) {
            varve_str out{};
            varve_error error = abi_error();
            const int32_t code = config()->get_string_at(raw_, key, index, &out, &error);
            if (code == VARVE_END) return all;
            if (code != VARVE_OK) return Status::from_abi(code, error);
            all.emplace_back(view(out));
        }
    }

    // ---- metrics ----
    Metric counter(const char *name, const char *help,
                   std::initializer_list<LogField> labels = {}) const {
        return metric(name, help, labels, true);
    }
    Metric gauge(const char *name, const char *help,
                 std::initializer_list<LogField> labels = {}) const {
        return metric(name, help, labels, false);
    }

    // ---- clock ----
    int64_t now_ns() const { return clock()->now_ns(raw_); }
    int64_t monotonic_ns() const { return clock()->monotonic_ns(raw_); }

  private:
    const varve_host_config *config() const {
        return service<varve_host_config>(VARVE_HOST_CONFIG_ID);
    }
    const varve_host_clock *clock() const { return service<varve_host_clock>(VARVE_HOST_CLOCK_ID); }

    Metric metric(const char *name, const char *help, std::initializer_list<LogField> labels,
                  bool is_counter) const {
        const auto *table = service<varve_host_metrics>(VARVE_HOST_METRICS_ID);
        if (table == nullptr) return {};
        std::vector<varve_label> raw;
        for (const LogField &label : labels) raw.push_back({str(label.key), str(label.value)});
        const auto make = is_counter ? table->counter : table->gauge;
        return {table, make(raw_, name, help, raw.data(), static_cast<uint32_t>(raw.size()))};
    }

    const varve_host *raw_;
};

}  // namespace varve
