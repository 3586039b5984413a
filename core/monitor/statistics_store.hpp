// Writes the statistics to a database of their own, as InfluxDB's _internal.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/env.hpp"
#include "kernel/executor.hpp"
#include "kernel/host/services.hpp"
#include "kernel/log.hpp"
#include "model/catalog.hpp"
#include "monitor/statistics.hpp"

namespace varve::monitor {

struct StoreOptions {
    std::string database = "_internal";
    int64_t interval_ns = 10'000'000'000;
};

// Its timer runs on the executor, from start() to the destructor.
class StatisticsStore {
  public:
    struct Parts {  // all live longer
        const Statistics &statistics;
        Catalog &catalog;
        WriteService &writer;
        Executor &executor;
        Env &env;
        Log &log;
    };
    StatisticsStore(Parts parts, StoreOptions options)
        : parts_(parts), options_(std::move(options)) {}

    // Makes the database with its policy "monitor" (7 days), if it is missing, and begins.
    Status start();

  private:
    struct Pending;  // a write under way

    Status ensure_database();
    void store();  // [worker]

    const Parts parts_;
    const StoreOptions options_;
    // Only the first failure of a row of them is logged; shared with writes under way.
    const std::shared_ptr<std::atomic<bool>> failing_ = std::make_shared<std::atomic<bool>>(false);
    std::unique_ptr<Executor::Timer> timer_;
};

}  // namespace varve::monitor
