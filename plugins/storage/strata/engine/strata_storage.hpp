// The strata engine: a log, memtables, immutable segments.
//
//   write:  plan (types, limits, shards) → log frame queued, LSN given → memtable → `done` when
//   durable flush:  freeze a memtable → wait until the log holds it → segment → manifest → give
//   memory back read:   a snapshot holds the sources of every shard and an LSN; series are merged
//   when they are read start:  manifests and segments → frames above each shard's flushed LSN → a
//   fresh log segment
//
// Files: wal/ data/<db>/<rp>/<shard>/ trash/ quarantine/ below `<data_dir>/<instance name>`.
// Threads: `strata-wal` commits the log; `strata-maint` flushes, merges and removes. Locks, in this
// order: mutex_ (which databases there are), Database::mutex, then those inside a class.
#pragma once

#include <atomic>
#include <condition_variable>
#include <set>

#include "storage/common/listing.hpp"
#include "storage/common/predicate.hpp"
#include "storage/strata/engine/shard.hpp"
#include "storage/strata/wal/wal.hpp"

namespace varve::strata {

struct StrataOptions {
    uint64_t memtable_size_max = 64 << 20;
    uint64_t wal_segment_size = 64 << 20;
    uint64_t wal_size_max = uint64_t{1} << 30;
    uint64_t segments_max = 8;
    int64_t flush_after_ns = 600'000'000'000;
    int64_t snapshot_ttl_ns = 120'000'000'000;
    int64_t maintenance_interval_ns = 1'000'000'000;
};

struct ShardView {
    std::shared_ptr<Shard> shard;
    std::shared_ptr<const Sources> sources;
};

struct Snapshot {
    uint64_t lsn = 0;
    int64_t opened_ns = 0;
    std::shared_ptr<Database> database;
    std::vector<ShardView> shards;  // in the order of time
};

class StrataStorage final : public Storage {
  public:
    static const varve_descriptor &descriptor();

    explicit StrataStorage(Host host);
    ~StrataStorage() override;

    Status start() override;
    void stop() override;

    Status database_open(const varve_database_spec &spec) override;
    Status database_drop(uint64_t db_id, uint64_t rp_id, varve_write_done done, void *ctx) override;
    Status shard_drop(uint64_t db_id, uint64_t rp_id, uint64_t shard_id, varve_write_done done,
                      void *ctx) override;
    Status measurement_rename(uint64_t db_id, std::string_view from, std::string_view to,
                              varve_write_done done, void *ctx) override;
    Status delete_rows(const varve_delete_request &request, varve_write_done done,
                       void *ctx) override;
    Status write(const varve_batch &batch, const varve_write_opts &opts, varve_write_done done,
                 void *ctx) override;
    Status snapshot_open(uint64_t db_id, varve_snapshot **out, uint64_t *lsn) override;
    void snapshot_close(varve_snapshot *snapshot) override;
    Status scan(varve_snapshot *snapshot, const varve_scan_request &request, varve_partition **out,
                uint32_t capacity, uint32_t *count, varve_scan_schema *schema) override;
    PartitionTable partition_table() const override;
    Status measurements(varve_snapshot *snapshot, const varve_schema_request &request,
                        varve_schema_sink sink) override;
    Status field_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                      varve_schema_sink sink) override;
    Status tag_keys(varve_snapshot *snapshot, const varve_schema_request &request,
                    varve_schema_sink sink) override;
    Status tag_values(varve_snapshot *snapshot, const varve_schema_request &request,
                      varve_schema_sink sink) override;
    Status series(varve_snapshot *snapshot, const varve_schema_request &request,
                  varve_schema_sink sink) override;
    Status cardinality(varve_snapshot *snapshot, const varve_schema_request &request,
                       uint64_t *out) override;
    Status compact(bool wait) override;
    Status status(varve_sink out) override;

  private:
    // ---- strata_storage.cpp ----
    Status read_options();
    Result<std::shared_ptr<Database>> database(uint64_t db_id);
    std::shared_ptr<Database> database_or_new(uint64_t db_id);
    std::vector<std::shared_ptr<Database>> all_databases();
    Shard &shard_or_new(Database &database, uint64_t rp_id, const RowsPart &part, uint64_t lsn);
    void ensure_active(Shard &shard);
    Status admit(Database &database, const Rows &rows);
    void apply(Database &database, const Rows &rows, uint64_t lsn);
    std::string shard_directory(uint64_t db_id, uint64_t rp_id, uint64_t shard_id) const;
    Status check_age(const Snapshot &snapshot);
    void wake_maintenance();

    // ---- drop.cpp ----
    void forget_shard(Database &database, const std::shared_ptr<Shard> &shard, uint64_t lsn);
    Status drop(uint64_t db_id, FrameType type, std::string payload,
                const std::function<bool(const Database::ShardKey &)> &concerns,
                varve_write_done done, void *ctx);
    void empty_trash();

    // ---- recovery.cpp ----
    Status recover();
    Status load_shards();
    Status load_shard(uint64_t db_id, uint64_t rp_id, uint64_t shard_id);
    Result<ManifestState> load_manifest(const std::string &directory, const ShardIdentity &fallback,
                                        bool &has_manifest);
    Status load_segments(Shard &shard, Database &database, ManifestState &state);
    Status add_segment(Shard &shard, Database &database, std::shared_ptr<Segment> segment);
    Status bind_segment(Shard &shard, Database &database, Segment &segment);
    Status replay_log();
    Status replay_file(uint64_t number, uint64_t &last_lsn, bool first_file);
    void replay_frame(const Frame &frame);
    Status quarantine(const std::string &path, const std::string &reason);

    // ---- maintenance.cpp ----
    void maintenance_loop();
    void maintain(bool everything);
    bool wants_flush(Shard &shard, bool everything, uint64_t wal_horizon);
    Status flush_shard(Database &database, const std::shared_ptr<Shard> &shard);
    Status ensure_manifest(Shard &shard);
    Result<SegmentInfo> write_segment(Database &database, Shard &shard,
                                      const std::shared_ptr<const Sources> &sources,
                                      uint64_t lsn_min, uint64_t lsn_max, bool one_cluster);
    Status merge_shard(Database &database, const std::shared_ptr<Shard> &shard, bool everything);
    void release_log();

    // ---- schema.cpp ----
    Result<std::map<uint32_t, const storage::Series *>> visible_series(
        const Snapshot &snapshot, const varve_schema_request &request);
    template <typename List>
    Status list(varve_snapshot *snapshot, const varve_schema_request &request,
                varve_schema_sink sink, List list_function);

    Host host_;
    Files files_;
    StrataOptions options_;
    std::string root_;
    varve_account *write_account_ = nullptr;
    std::unique_ptr<Wal> wal_;
    varve_task *committer_ = nullptr;
    varve_task *maintainer_ = nullptr;
    std::atomic<bool> running_{false};

    std::mutex mutex_;
    std::map<uint64_t, std::shared_ptr<Database>> databases_;
    std::multiset<uint64_t> pending_drops_;  // LSNs whose renames are not durable yet
    std::vector<std::string> quarantined_;
    std::atomic<uint64_t> next_segment_id_{1};
    bool trash_is_empty_ = false;    // the maintenance task's
    uint64_t last_flushed_lsn_ = 0;  // the highest that recovery saw

    std::mutex maintenance_mutex_;
    std::condition_variable maintenance_wanted_;
    std::condition_variable maintenance_done_;
    bool stop_maintenance_ = false;
    bool woken_ = false;
    uint64_t compactions_wanted_ = 0;
    uint64_t compactions_done_ = 0;
    std::string maintenance_error_;

    Metric quarantined_total_;
    Metric flushes_total_;
    Metric merges_total_;
    Metric memtable_bytes_;
};

}  // namespace varve::strata
