// Drops the shard groups that their policy no longer keeps.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/env.hpp"
#include "kernel/host/services.hpp"
#include "kernel/log.hpp"
#include "model/catalog.hpp"
#include "write/write_path.hpp"

namespace varve {

struct RetentionReport {
    int64_t last_run_ns = 0;  // 0 = it did not run yet
    int64_t next_run_ns = 0;
    int64_t duration_ns = 0;     // of the last run
    uint64_t dropped = 0;        // shard groups of the last run
    uint64_t dropped_total = 0;  // since the server started
    std::string error;           // of the last run; empty = it went well
};

// The scheduled work: rounds, and what they came to.
class Retention {
  public:
    // Everything lives longer. The first round is due after interval_ns.
    Retention(Catalog &catalog, StorageHandle storage, const Ownership &ownership, Env &env,
              Log &log, int64_t interval_ns);

    // [worker] One call at a time.
    void run();
    // [any]
    RetentionReport report() const;

  private:
    Catalog &catalog_;
    const StorageHandle storage_;
    const Ownership &ownership_;
    Env &env_;
    Log &log_;
    const int64_t interval_ns_;
    mutable std::mutex mutex_;
    RetentionReport report_;
};

// One round: every group that ended before now − duration is dropped from storage, durably, and
// then from the catalog. A round that fails in the middle is taken up by the next one. Counts up
// `dropped`. [worker]
Status drop_expired_shards(Catalog &catalog, const StorageHandle &storage,
                           const Ownership &ownership, int64_t now_ns, Log &log, uint64_t &dropped);

}  // namespace varve
