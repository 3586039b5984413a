// One shard and one database in memory.
//
// Threads: members marked [writer] change under Database::mutex only; `sources` is replaced as a
// whole under it. The manifest is guarded by files_mutex, which is taken before Database::mutex.
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

    std::shared_ptr<ShardMemtable> active;                     // [writer]
    std::vector<std::shared_ptr<ShardMemtable>> frozen;        // [writer] oldest first
    std::vector<std::shared_ptr<Segment>> segments;            // [writer] in the order of LSNs
    std::vector<std::shared_ptr<const Tombstone>> tombstones;  // [writer] in the order of LSNs
    std::shared_ptr<const Sources> sources;                    // [writer]
    uint64_t flushed_lsn = 0;                                  // [writer]
    int64_t touched_ns = 0;            // [writer] monotonic, the last write or delete
    std::atomic<bool> dropped{false};  // [writer]
    int64_t retry_ns = 0;              // [writer] no merge before, after one that failed
    int64_t retry_pause_ns = 0;        // [writer]

    std::mutex files_mutex;
    std::optional<Manifest> manifest;

    // Replaces `sources` by what the members say. [writer]
    void publish();
    // Ends the active memtable. [writer]
    void freeze();
    uint64_t memory_bytes() const;
    uint64_t segment_bytes() const;
    // Of the rows in memtables; UINT64_MAX if there are none. [writer]
    uint64_t oldest_memtable_lsn() const;
    // Whether times of the range may lie in the shard.
    bool overlaps(const storage::TimeRange &range) const;
    // Whether no row older than a delete with this LSN still needs it. [writer]
    bool covers(uint64_t lsn) const;
    // The lowest LSN that is in no segment and not in the manifest; UINT64_MAX if there is none.
    // [writer]
    uint64_t first_unflushed_lsn() const;
    uint64_t last_saved_tombstone = 0;  // [writer] tombstones up to it are in the manifest
};

// The ids among `candidates` that may have rows in the sources, as a snapshot at this LSN sees
// them. Deletes are not looked at, so there may be more than really are.
Bitmap possible_series(const Sources &sources, uint64_t lsn, const Bitmap &candidates);
// Appends the measurements that have a series in the set.
Status measurements_of(const SeriesIndex &index, const Bitmap &series,
                       std::vector<std::string> &names);
// What to do with series that only reading data could tell about: read, or count them in.
enum class Doubt { read, count };
// Those that have rows in `range`.
Result<Bitmap> visible_series(const std::shared_ptr<const Sources> &sources, uint64_t lsn,
                              const Bitmap &candidates, const storage::TimeRange &range,
                              const SeriesIndex &index, Doubt doubt = Doubt::read);
// Whether the series has a row in the range and, with a column given, a value of it.
Result<bool> has_rows(const std::shared_ptr<const Sources> &sources, uint32_t series,
                      std::string_view measurement, const Column *column,
                      const storage::TimeRange &range, uint64_t lsn, GroupCache &cache);

struct Database {
    Database(uint64_t id_, const Files &files, const std::string &directory, uint64_t hash_seed_)
        : id(id_), hash_seed(hash_seed_), index(files, directory, hash_seed_) {}

    using ShardKey = std::pair<uint64_t, uint64_t>;  // (rp, shard)

    const uint64_t id;
    const uint64_t hash_seed;
    std::mutex mutex;  // the writer's
    SeriesIndex index;
    varve_storage_limits limits{};
    std::string name;
    std::map<uint64_t, std::string> policies;  // opened ones and their names
    std::map<ShardKey, std::shared_ptr<Shard>> shards;
    uint64_t last_lsn = 0;
    uint64_t forgotten_series = 0;  // since the last collection began
    uint64_t collect_lsn = 0;       // of the collection under way
    std::atomic<bool> repairs_index{false};
    uint32_t indexed_end = 0;  // when it was opened: its files know all ids below
    Bitmap known;              // while recovering: ids whose keys are known to be there
};

// Puts the rows into the shard's memtable and schema. [writer]
void apply_rows(Database &database, Shard &shard, const RowsPart &part, uint64_t lsn);

}  // namespace varve::strata
