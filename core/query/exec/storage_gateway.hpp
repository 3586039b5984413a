// The storage's C table as C++: owned snapshots and partitions, Status instead of codes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <varve/kind/storage.h>

#include "base/status.hpp"
#include "query/exec/budget.hpp"
#include "query/exec/scan.hpp"

namespace varve::query {

// Thin and copyable; the instance outlives it. [any thread]
class StorageGateway {
  public:
    // The name is the engine's, as in the configuration.
    StorageGateway(std::string name, varve_instance *instance, const varve_storage *table)
        : name_(std::move(name)), instance_(instance), table_(table) {}

    const std::string &name() const { return name_; }
    varve_instance *instance() const { return instance_; }
    const varve_storage *table() const { return table_; }

    // Waits for the drop to be durable. rp_id 0 = the whole database.
    Status drop_database(uint64_t db_id, uint64_t rp_id) const;
    // Waits for the drop to be durable.
    Status drop_shard(uint64_t db_id, uint64_t rp_id, uint64_t shard_id) const;
    // Waits for the deletion to be durable.
    Status delete_rows(const varve_delete_request &request) const;

    // Waits for the rename to be durable. not_found "measurement not found: FROM"; already_exists
    // "measurement already exists: TO".
    Status rename_measurement(uint64_t db_id, const std::string &from, const std::string &to) const;

  private:
    std::string name_;
    varve_instance *instance_;
    const varve_storage *table_;
};

namespace exec {

// One consistent view of a database. Closes itself.
class Snapshot {
  public:
    static Result<std::shared_ptr<Snapshot>> open(const StorageGateway &storage, uint64_t db_id);
    ~Snapshot();
    Snapshot(const Snapshot &) = delete;
    Snapshot &operator=(const Snapshot &) = delete;

    const StorageGateway &storage() const { return storage_; }
    varve_snapshot *handle() const { return handle_; }
    uint64_t db_id() const { return db_id_; }

    struct Entry {
        std::string text;
        uint32_t type = 0;
    };
    using SchemaCall = int32_t (*varve_storage::*)(varve_instance *, varve_snapshot *,
                                                   const varve_schema_request *, varve_schema_sink,
                                                   varve_error *);
    // One of the listings of the storage table, from request.after on.
    Result<std::vector<Entry>> list(SchemaCall call, varve_schema_request request) const;
    Result<uint64_t> cardinality(varve_schema_request request) const;
    varve_schema_request schema_request(uint64_t rp_id = 0,
                                        std::string_view measurement = {}) const;

  private:
    Snapshot(StorageGateway storage, uint64_t db_id)
        : storage_(std::move(storage)), db_id_(db_id) {}
    StorageGateway storage_;
    uint64_t db_id_;
    varve_snapshot *handle_ = nullptr;
};

// A predicate tree in storage's form. Borrows the plan's texts.
class AbiPredicate {
  public:
    explicit AbiPredicate(const plan::SeriesPredicate &predicate) { root_ = build(predicate); }
    const varve_series_predicate *get() const { return root_; }

  private:
    const varve_series_predicate *build(const plan::SeriesPredicate &predicate);
    std::vector<std::unique_ptr<varve_series_predicate>> nodes_;
    std::vector<std::unique_ptr<const varve_series_predicate *[]>> lists_;
    const varve_series_predicate *root_ = nullptr;
};

// Conditions in storage's form. They borrow the plan's texts.
std::vector<varve_value_condition> abi_conditions(
    const std::vector<plan::ValueCondition> &conditions);

// A scan of a storage's table.
class StorageScan final : public Scan {
  public:
    static Result<std::unique_ptr<Scan>> open(const Snapshot &snapshot, ScanSpec spec,
                                              const Budget &budget);
    ~StorageScan() override;
    StorageScan(const StorageScan &) = delete;
    StorageScan &operator=(const StorageScan &) = delete;

    const std::vector<Column> &columns() const override { return columns_; }
    size_t partition_count() const override { return partitions_.size(); }
    Result<bool> next(size_t partition, varve_block &block) override;
    Status load(size_t partition, const varve_block &block, const std::vector<uint32_t> &positions,
                varve_loaded &out) override;
    Status lookup(size_t partition, const std::vector<uint32_t> &series,
                  const std::vector<int64_t> &times, const std::vector<uint32_t> &positions,
                  varve_looked_up &out) override;
    std::string_view series_key(size_t partition, uint32_t series) const override;
    std::string_view series_tag(size_t partition, uint32_t series, uint32_t tag) const override;

  private:
    StorageScan(const varve_storage &table, ScanSpec spec)
        : table_(table), spec_(std::move(spec)) {}
    void build_request(const Budget &budget);

    const varve_storage &table_;
    ScanSpec spec_;
    std::unique_ptr<AbiPredicate> predicate_;
    std::vector<varve_value_condition> conditions_;
    std::vector<varve_scan_column> asked_;
    std::vector<varve_str> tags_;
    varve_scan_request request_{};
    std::vector<Column> columns_;
    std::vector<varve_partition *> partitions_;
};

}  // namespace exec
}  // namespace varve::query
