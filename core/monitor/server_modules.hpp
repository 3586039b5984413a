// The modules of InfluxDB's SHOW STATS that this server has figures for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <varve/kind/storage.h>

#include "kernel/memory_account.hpp"
#include "kernel/self_metrics.hpp"
#include "model/catalog.hpp"
#include "monitor/statistics.hpp"

namespace varve::monitor {

// An input that InfluxDB has a module for.
struct InputCard {
    std::string instance;   // "udp.0", the label of its metrics
    std::string addresses;  // "tcp://127.0.0.1:2003 udp://127.0.0.1:2003"
};

// All of it lives longer than the registry is asked.
struct ModuleParts {
    const SelfMetrics &metrics;
    MemoryAccounts &memory;
    const Catalog &catalog;
    varve_instance *storage;
    const varve_storage *storage_table;
    const varve_storage_maintenance *maintenance;  // null: the engine says nothing of shards
    std::string data_dir;
    std::function<std::string()> http_address;
    std::function<std::vector<InputCard>()> inputs;
};

// runtime, queryExecutor, indexes, database, shard, write, subscriber, cq, httpd, udp and graphite.
void add_server_modules(Statistics &statistics, const ModuleParts &parts);

}  // namespace varve::monitor
