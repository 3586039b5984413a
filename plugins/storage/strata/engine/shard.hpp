// One shard and one database in memory.
//
// Threads: members marked [writer] change under Database::mutex only; `sources` is replaced as a
// whole under it. Files of a shard belong to the maintenance task.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "storage/common/partition.hpp"
#include "storage/strata/engine/rows_frame.hpp"
#include "storage/strata/manifest/manifest.hpp"
#include "storage/strata/scan/series_reader.hpp"

namespace varve::strata {

// A memtable and the memory it is charged for.
struct ShardMemtable : Memtable {
    ShardMemtable(const varve_host_memory *memory, varve_account *account)
        : charge(memory, account) {}

    storage::Charge charge;
    uint64_t charged = 0;
};

struct Shard {
    ShardIdentity identity;
    std::string directory;
    storage::ShardSchema schema;  // [writer]
    ColumnTable columns;

    std::shared_ptr<ShardMemtable> active;               // [writer]
    std::vector<std::shared_ptr<ShardMemtable>> frozen;  // [writer] oldest first
    std::vector<std::shared_ptr<Segment>> segments;      // [writer] in the order of LSNs
    std::shared_ptr<const Sources> sources;              // [writer]
    uint64_t flushed_lsn = 0;                            // [writer]
    bool dropped = false;                                // [writer]

    std::optional<Manifest> manifest;  // the maintenance task's

    // Replaces `sources` by what the members say. [writer]
    void publish();
    // Ends the active memtable. [writer]
    void freeze();
    uint64_t memory_bytes() const;
    // The lowest LSN that is in no segment; UINT64_MAX if there is none. [writer]
    uint64_t first_unflushed_lsn() const;

    // ---- which series have rows here, and since when ----
    bool has(uint32_t series) const {  // [writer]
        return series < since_.size() && since_[series] != 0;
    }
    void add(uint32_t series, uint64_t lsn);  // [writer]
    // The series that a snapshot sees. [any]
    std::vector<uint32_t> visible(uint64_t lsn) const;
    bool is_visible(uint32_t series, uint64_t lsn) const;

  private:
    mutable std::shared_mutex mutex_;  // since_ against readers
    std::vector<uint64_t> since_;      // series → LSN of its first row, 0 = none
};

struct Database {
    Database(uint64_t id_, uint64_t hash_seed) : id(id_), index(hash_seed) {}

    using ShardKey = std::pair<uint64_t, uint64_t>;  // (rp, shard)

    const uint64_t id;
    std::mutex mutex;  // the writer's
    storage::SeriesIndex index;
    varve_storage_limits limits{};
    std::string name;
    std::map<uint64_t, std::string> policies;  // opened ones and their names
    std::map<ShardKey, std::shared_ptr<Shard>> shards;
    uint64_t last_lsn = 0;
};

// Puts the rows into the shard's memtable and schema. All series of the part are resolved. [writer]
void apply_rows(Database &database, Shard &shard, const RowsPart &part, uint64_t lsn);

}  // namespace varve::strata
