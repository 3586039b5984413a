// The varve_host that an instance gets: the C tables of varve/host/ over the kernel's objects.
#pragma once

#include <memory>
#include <string>

#include <varve/varve.h>

#include "base/env.hpp"
#include "kernel/config.hpp"
#include "kernel/executor.hpp"
#include "kernel/host/services.hpp"
#include "kernel/log.hpp"
#include "kernel/memory_account.hpp"
#include "kernel/self_metrics.hpp"

namespace varve {

namespace http {
class RouteTable;
}

// What the tables are made of. A null service reads as "not provided" to plugins. All of it lives
// longer than every HostHandle.
struct HostServices {
    Env *env = nullptr;
    Config *config = nullptr;
    Log *log = nullptr;
    SelfMetrics *metrics = nullptr;
    MemoryAccounts *memory = nullptr;
    Executor *executor = nullptr;
    http::RouteTable *routes = nullptr;
    WriteService *write = nullptr;
    QueryService *query = nullptr;
};

// One instance's handle; lives longer than the instance.
class HostHandle {
  public:
    // instance_name: "udp.0", for logs and labels. config_prefix: "inputs.udp.0"; empty for a
    // handle without configuration (a plugin's init, function plugins).
    HostHandle(const HostServices &services, std::string instance_name, std::string config_prefix);

    const varve_host *raw() const { return &raw_; }
    const HostServices &services() const { return services_; }
    const std::string &instance_name() const { return instance_name_; }
    const std::string &config_prefix() const { return config_prefix_; }

    static const HostHandle &from(const varve_host *host) {
        return *static_cast<const HostHandle *>(host->host_data);
    }

  private:
    const HostServices services_;
    const std::string instance_name_;
    const std::string config_prefix_;
    varve_host raw_;
};

// The tables that have files of their own. Static.
const varve_host_file *host_file_table();
const varve_host_task *host_task_table();
const varve_host_http *host_http_table();

}  // namespace varve
