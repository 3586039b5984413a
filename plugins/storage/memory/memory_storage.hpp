// The memory engine: the whole storage contract, kept in maps, gone with the process. It is the
// reference that other engines are tested against, and fits short-lived data. One mutex guards it
// all.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include <varve/cpp/storage.hpp>

#include "storage/common/write_plan.hpp"
#include "storage/memory/memory_store.hpp"

namespace varve::memory {

class MemoryStorage final : public Storage {
  public:
    static const varve_descriptor &descriptor();

    explicit MemoryStorage(Host host);

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
    using SeriesSet = std::map<uint32_t, const storage::Series *>;

    Result<std::shared_ptr<Database>> database(uint64_t db_id) const;
    void apply(const varve_batch &batch, const varve_write_opts &opts,
               const storage::WritePlan &plan, Database &database);
    void put(Database &database, Shard &shard, storage::Series &series, int64_t time, Cell cell);
    void drop_shard(Database &database, Shard &shard);
    void delete_series_rows(Database &database, Shard &shard, SeriesRows &rows,
                            const varve_delete_request &request);
    // Notes which series and measurements of the shard have lost their last row.
    void settle(Database &database, Shard &shard);
    Result<SeriesSet> visible_series(const Snapshot &snapshot,
                                     const varve_schema_request &request) const;
    template <typename List>
    Status list(varve_snapshot *snapshot, const varve_schema_request &request,
                varve_schema_sink sink, List list_function) const;

    Host host_;
    uint64_t size_max_ = 0;
    mutable std::mutex mutex_;
    bool running_ = false;
    std::map<uint64_t, std::shared_ptr<Database>> databases_;
    uint64_t lsn_ = 0;
    uint64_t size_bytes_ = 0;
    uint64_t open_snapshots_ = 0;
};

}  // namespace varve::memory
