// The strata engine: a log, memtables, immutable segments, an index of series per database.
//
//   write   plan (types, limits, shards) → log frame queued, LSN given → memtable → `done` when
//           durable
//   flush   freeze a memtable → wait until the log holds it → index → segment → manifest → give
//           memory back
//   read    a snapshot holds the sources of every shard and an LSN; series are merged when they are
//           read
//   delete  a tombstone in the log and in the shards it concerns; readers leave its rows out,
//   merges
//           take them out
//   start   index, manifests, footers of segments → frames above each shard's flushed LSN → a fresh
//           log segment
//
// Files: wal/ data/<db>/<rp>/<shard>/ data/<db>/index/ trash/ quarantine/ below
// `<data_dir>/<instance name>`.
// Threads: `strata-wal` commits the log; `strata-flush` flushes memtables and the index and removes
// what was dropped; `strata-merge` merges segments and scrubs. Locks, in this order:
// Shard::files_mutex, mutex_ (which databases there are), Database::mutex, then those inside a
// class.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <set>

#include "storage/strata/engine/shard.hpp"
#include "storage/strata/segment/segment_writer.hpp"
#include "storage/strata/wal/wal.hpp"

namespace varve::strata {

struct StrataOptions {
    uint64_t memtable_size_max = 64 << 20;
    uint64_t wal_segment_size = 64 << 20;
    uint64_t wal_size_max = uint64_t{1} << 30;
    uint64_t free_space_min = 256 << 20;
    uint64_t segments_max = 4;
    uint64_t segment_size_max = 256 << 20;
    uint64_t index_cache_size_max = 32 << 20;
    int64_t flush_after_ns = 600'000'000'000;
    int64_t compact_after_ns = 3600'000'000'000;
    uint64_t compact_bandwidth = 64 << 20;
    uint64_t scrub_bandwidth = 20 << 20;
    int64_t scrub_interval_ns = 86400'000'000'000;
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
    Status verify(std::string_view path, varve_sink report) override;
    Status snapshot(std::string_view directory, std::string_view base) override;
    Status scrub() override;
    Status rebuild_index() override;

  private:
    // ---- strata_storage.cpp ----
    Status read_options();
    void make_metrics();
    Status spawn(const char *name, void (*run)(void *), varve_task *&task);
    Result<std::shared_ptr<Database>> database(uint64_t db_id);
    Result<std::shared_ptr<Database>> database_or_new(uint64_t db_id);
    std::vector<std::shared_ptr<Database>> all_databases();
    std::string shard_directory(uint64_t db_id, uint64_t rp_id, uint64_t shard_id) const;

    // ---- write.cpp ----
    Shard &shard_or_new(Database &database, uint64_t rp_id, const RowsPart &part, uint64_t lsn);
    void ensure_active(Shard &shard);
    Status admit(Database &database, const Rows &rows);
    Status admit_memory(const Rows &rows);
    void apply(Database &database, const Rows &rows, uint64_t lsn);
    bool is_tight(const Database &database, const Rows &rows) const;
    void hold_back(std::shared_ptr<storage::Outcome> outcome, varve_write_done done, void *ctx);
    void release_held_back(bool all);

    // ---- read.cpp ----
    Status check_age(const Snapshot &snapshot);

    // ---- deletes.cpp ----
    Status delete_locked(Database &database, const varve_delete_request &request,
                         varve_write_done done, void *ctx);
    void apply_tombstone(Database &database, uint64_t rp_id, const Tombstone &tombstone);
    void settle_delete(Database &database, Shard &shard, const Tombstone &tombstone);
    void forget_series(Database &database, const Bitmap &candidates);

    // ---- rename.cpp ----
    Status rename_all(Database &database, std::string_view from, std::string_view to,
                      const Bitmap &series);
    Status rename_series(Database &database, Shard &shard, uint32_t from,
                         std::string_view measurement, uint32_t to, std::string_view key,
                         std::string_view name);

    Status write_copied(Database &database, const Shard &shard, const RowBuffer &copied,
                        uint32_t series, std::string_view key, std::string_view name);

    // ---- drop.cpp ----
    void forget_shards(Database &database, uint64_t lsn,
                       const std::function<bool(const Shard &)> &concerns);
    void forget_shard(Shard &shard, uint64_t lsn);
    Status drop(uint64_t db_id, FrameType type, std::string payload,
                const std::function<bool(const Shard &)> &concerns, varve_write_done done,
                void *ctx);
    void empty_trash();

    // ---- recovery.cpp ----
    Status recover();
    Status open_index(Database &database);
    Status load_shards();
    Status load_shard(Database &database, uint64_t rp_id, uint64_t shard_id);
    Result<ManifestState> load_manifest(const std::string &directory, const ShardIdentity &fallback,
                                        bool &has_manifest);
    Status load_segments(Shard &shard, Database &database, ManifestState &state, bool has_manifest);
    Status take_segment(Shard &shard, Database &database, const std::shared_ptr<Segment> &segment,
                        ManifestState &state, bool &knows_range);
    Status open_all(const Shard &shard, std::map<uint64_t, std::shared_ptr<Segment>> &sound,
                    std::vector<uint64_t> &unread, bool &whole);
    void load_tombstones(Shard &shard, const ManifestState &state);
    Status restore_series(Database &database, const Segment &segment);
    void bind_segment(Shard &shard, Segment &segment);
    void add_schema(Database &database, Shard &shard);
    void settle_series(Database &database);

    // ---- replay.cpp ----
    Status replay_log();
    Status replay_file(uint64_t number, uint64_t &last_lsn, bool &first_file);
    void replay_frame(const Frame &frame);
    void replay_rows(const Frame &frame);
    void replay_drop(const Frame &frame);
    void replay_tombstone(const Frame &frame);
    void frame_is_lost(const Frame &frame, const std::string &reason);
    void flush_replayed(Database &database);
    Status quarantine(const std::string &path, const std::string &reason);
    void cannot_read(const std::string &path, const Status &status);
    void note_damage(std::string text);

    // ---- maintenance.cpp ----
    void flush_loop();
    void flush_all(bool everything);
    bool wants_flush(Shard &shard, bool everything, uint64_t wal_horizon);
    Status flush_index(Database &database, bool everything);
    void relieve(Database &database,
                 std::vector<std::pair<std::shared_ptr<Shard>, size_t>> &flushed);
    Status flush_shard(Database &database, const std::shared_ptr<Shard> &shard, size_t count);
    Status flush_memtable(Database &database, const std::shared_ptr<Shard> &shard,
                          const std::shared_ptr<ShardMemtable> &memtable);
    Status save_tombstones(Database &database, const std::shared_ptr<Shard> &shard);
    Status save_names(Database &database, Shard &shard);
    Status ensure_manifest(Database &database, Shard &shard);
    void check_space();
    void release_log();
    void remove_dropped_databases();
    void wake(bool flush);
    void note_error(const std::string &directory, const Status &status);

    // ---- compaction.cpp ----
    void merge_loop();
    Status merge_database(const std::shared_ptr<Database> &database, bool everything);
    Status merge_shard(Database &database, const std::shared_ptr<Shard> &shard, bool everything,
                       bool &merged);
    Status collect_index(Database &database);
    struct Merge;
    void choose_tombstones(const Shard &shard, bool all_rows, Sources &sources,
                           SegmentWriter::Lsns &lsns);
    bool choose_merge(Shard &shard, bool everything, Merge &merge);
    Status run_merge(Database &database, const std::shared_ptr<Shard> &shard, Merge &merge);
    Result<std::vector<SegmentInfo>> write_segments(Database &database, Shard &shard,
                                                    const std::shared_ptr<const Sources> &sources,
                                                    const SegmentWriter::Lsns &lsns, Tier tier,
                                                    bool paced);
    Status copy_series(SeriesReader &reader, uint32_t series, const std::string &key,
                       SegmentWriter &writer);
    Result<std::vector<std::shared_ptr<Segment>>> open_segments(
        Shard &shard, const std::vector<SegmentInfo> &infos);
    void pace(uint64_t bytes, int64_t began_ns);
    void pause(int64_t pause_ns);
    bool merge_stops();

    // ---- scrub.cpp ----
    Status scrub_all(bool paced);
    Status set_aside(Database &database, const std::shared_ptr<Shard> &shard,
                     const std::shared_ptr<Segment> &segment, const std::string &reason);

    // ---- snapshot.cpp ----
    Status snapshot_shard(Database &database, Shard &shard, const std::string &target,
                          const std::string &known, std::string &list);
    Status compact_flush();
    Status repair_index(Database &database);
    Status restore_index(Database &database, std::vector<SeriesIndex::Damage> &damaged);

    // ---- schema.cpp ----
    Result<Bitmap> visible(const Snapshot &snapshot, const varve_schema_request &request);
    template <typename List>
    Status list(varve_snapshot *snapshot, const varve_schema_request &request,
                varve_schema_sink sink, List list_function);

    Host host_;
    Files files_;
    std::shared_ptr<IndexCache> index_cache_;  // of all segments; from start()
    StrataOptions options_;
    std::string root_;
    varve_account *write_account_ = nullptr;
    std::unique_ptr<Wal> wal_;
    varve_task *committer_ = nullptr;
    varve_task *flusher_ = nullptr;
    varve_task *merger_ = nullptr;
    varve_task *acknowledger_ = nullptr;  // a timer
    std::atomic<bool> running_{false};
    std::atomic<int64_t> written_ns_{0};  // monotonic, of the last write
    std::atomic<bool> disk_is_full_{false};
    std::atomic<uint64_t> free_bytes_{UINT64_MAX};  // when it was last looked at

    std::mutex mutex_;
    std::map<uint64_t, std::shared_ptr<Database>> databases_;
    std::multiset<uint64_t> pending_drops_;  // LSNs whose renames are not durable yet
    struct Dropped {
        uint64_t lsn;
        std::weak_ptr<Database> database;
    };
    std::map<uint64_t, Dropped> dropped_databases_;  // by id; their directory is still there
    // Directories of dropped shards that could not be renamed yet: from, to.
    std::vector<std::pair<std::string, std::string>> unmoved_;
    std::atomic<uint64_t> open_snapshots_{0};
    std::mutex damage_mutex_;
    std::vector<std::string> damage_;  // what was set aside or lost, for the status
    std::atomic<uint64_t> next_segment_id_{1};
    bool trash_is_empty_ = false;    // the flush task's
    uint64_t last_flushed_lsn_ = 0;  // the highest that recovery saw
    int64_t scrubbed_ns_ = 0;        // the merge task's

    // Acknowledgements that wait for memory, so that senders slow down.
    struct HeldBack {
        int64_t until_ns;
        std::shared_ptr<storage::Outcome> outcome;
        varve_write_done done;
        void *ctx;
    };
    std::mutex held_back_mutex_;
    std::deque<HeldBack> held_back_;

    // What the two maintenance tasks are asked for.
    std::mutex maintenance_mutex_;
    std::condition_variable maintenance_wanted_;
    std::condition_variable maintenance_done_;
    bool stop_maintenance_ = false;
    bool flush_woken_ = false;
    bool merge_woken_ = false;
    uint64_t scrubs_wanted_ = 0;
    uint64_t scrubs_done_ = 0;
    Status scrub_status_;
    uint64_t flushes_wanted_ = 0;
    uint64_t flushes_done_ = 0;
    uint64_t compactions_wanted_ = 0;
    uint64_t compactions_flushed_ = 0;
    uint64_t compactions_done_ = 0;
    std::string maintenance_error_;
    std::atomic<bool> hurry_{false};  // somebody waits for a compaction: no pacing

    Metric quarantined_total_;
    Metric flushes_total_;
    Metric merges_total_;
    Metric merge_bytes_total_;
    Metric scrubbed_bytes_total_;
    Metric memtable_bytes_;
    Metric index_cache_bytes_;
    Metric merge_debt_;
    Metric held_back_total_;
};

}  // namespace varve::strata
