// Drops the shard groups that their policy no longer keeps.
#pragma once

#include "kernel/host/services.hpp"
#include "kernel/log.hpp"
#include "model/catalog.hpp"
#include "write/write_path.hpp"

namespace varve {

// One round: every group that ended before now − duration is dropped from storage, durably, and
// then from the catalog. A round that fails in the middle is taken up by the next one. [worker]
Status drop_expired_shards(Catalog &catalog, const StorageHandle &storage,
                           const Ownership &ownership, int64_t now_ns, Log &log);

}  // namespace varve
