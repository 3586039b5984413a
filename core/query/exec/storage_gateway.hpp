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
#include "query/plan/select.hpp"

namespace varve::query {

// Thin and copyable; the instance outlives it. [any thread]
class StorageGateway {
  public:
    StorageGateway(varve_instance *instance, const varve_storage *table)
        : instance_(instance), table_(table) {}

    varve_instance *instance() const { return instance_; }
    const varve_storage *table() const { return table_; }

    // Waits for the drop to be durable. rp_id 0 = the whole database.
    Status drop_database(uint64_t db_id, uint64_t rp_id) const;
    // Waits for the deletion to be durable.
    Status delete_rows(const varve_delete_request &request) const;

  private:
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
    Snapshot(StorageGateway storage, uint64_t db_id) : storage_(storage), db_id_(db_id) {}
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

// What a scan is asked for; borrowed until the Scan is gone.
struct ScanSpec {
    const plan::ScanSource *source = nullptr;
    const plan::SeriesPredicate *series = nullptr;
    const std::vector<plan::ValueCondition> *conditions = nullptr;
    int64_t from_ns = 0;  // inclusive
    int64_t to_ns = 0;    // exclusive
    bool descending = false;
    uint64_t limit_per_series = 0;
    uint32_t partitions = 1;
    bool wants_stats = false;
    std::vector<std::string> fields;  // every existing type of each is scanned
    std::vector<std::string> tag_keys;
};

// An open scan. Each partition is used by one thread at a time.
class Scan {
  public:
    static Result<std::unique_ptr<Scan>> open(const Snapshot &snapshot, ScanSpec spec,
                                              const Budget &budget);
    ~Scan();
    Scan(const Scan &) = delete;
    Scan &operator=(const Scan &) = delete;

    struct Column {
        uint32_t field = 0;  // position in spec.fields
        plan::Type type = plan::Type::none;
    };
    const std::vector<Column> &columns() const { return columns_; }
    size_t partition_count() const { return partitions_.size(); }

    // False = no more blocks.
    Result<bool> next(size_t partition, varve_block &block) const;
    Status load(size_t partition, const varve_block &block, const std::vector<uint32_t> &positions,
                varve_loaded &out) const;
    Status lookup(size_t partition, const std::vector<uint32_t> &series,
                  const std::vector<int64_t> &times, const std::vector<uint32_t> &positions,
                  varve_looked_up &out) const;
    std::string_view series_key(size_t partition, uint32_t series) const;
    std::string_view series_tag(size_t partition, uint32_t series, uint32_t tag) const;

  private:
    Scan(const varve_storage &table, ScanSpec spec) : table_(table), spec_(std::move(spec)) {}
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
