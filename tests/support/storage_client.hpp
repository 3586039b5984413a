// Talks to a storage engine as the core does, through its C table: builds batches from points,
// reads everything back as text. Checks on the way what every answer must fulfil (order, sizes,
// statistics).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <varve/cpp/storage.hpp>

namespace varve::test {

// A typed value as text: "f:1.5", "f:nan(0x1)", "i:-3", "u:7", "s:text", "b:1".
using Fields = std::map<std::string, std::string>;

struct Point {
    std::string key;  // canonical
    int64_t time = 0;
    Fields fields;
};

// series key → time → "field type" ("v f") → value as text without its type; NaNs show their bits.
using Dump = std::map<std::string, std::map<int64_t, std::map<std::string, std::string>>>;

// The first difference, as text; empty = none.
std::string difference(const Dump &got, const Dump &wanted);

struct WriteAnswer {
    Status status;        // of the call or of `done`
    bool called = false;  // `done` came
    uint64_t lsn = 0;
    uint64_t accepted = 0;
    std::vector<varve_rejection> rejections;
    std::vector<uint64_t> rejected;
};

struct WriteSettings {
    uint64_t db_id = 1;
    uint64_t rp_id = 1;
    uint32_t durability = VARVE_DURABILITY_ALWAYS;
    uint32_t on_type_conflict = VARVE_ON_CONFLICT_REJECT;
    std::string identity_column;
    std::vector<varve_shard_range> shards = {{1, 0, 1000}, {2, 1000, 2000}, {3, 2000, 100000}};
};

struct ReadSettings {
    uint64_t db_id = 1;
    uint64_t rp_id = 1;
    int64_t from_ns = INT64_MIN;
    int64_t to_ns = INT64_MAX;
    bool descending = false;
    uint32_t partitions = 2;
    const varve_series_predicate *series = nullptr;
    std::vector<varve_value_condition> conditions;
    uint64_t limit_per_series = 0;  // the hint; more may come
};

class StorageClient {
  public:
    // Borrows the instance, which is started.
    explicit StorageClient(varve_instance *instance);

    Status open_database(uint64_t db_id = 1, uint64_t rp_id = 1, varve_storage_limits limits = {});
    // Points without `keep` are sent, but masked out by the batch.
    WriteAnswer write(const std::vector<Point> &points, const WriteSettings &settings = {},
                      const std::vector<bool> *keep = nullptr);
    WriteAnswer write(const varve_batch &batch, const WriteSettings &settings = {});
    WriteAnswer drop_shard(uint64_t db_id, uint64_t rp_id, uint64_t shard_id);
    WriteAnswer drop_database(uint64_t db_id, uint64_t rp_id);
    WriteAnswer delete_rows(const varve_delete_request &request);
    WriteAnswer rename(uint64_t db_id, const std::string &from, const std::string &to);
    Status compact(bool wait = true);
    Status scrub();
    Status rebuild_index();
    Status snapshot(const std::string &directory, const std::string &base = {});
    // The report goes to `report` if given.
    Status verify(const std::string &path, std::string *report = nullptr);
    std::string status_json();

    varve_snapshot *open_snapshot(uint64_t db_id = 1, uint64_t *lsn = nullptr);
    void close_snapshot(varve_snapshot *snapshot);

    // All fields of all measurements (or of one). A failed scan gives its status.
    Result<Dump> read(const ReadSettings &settings = {}, varve_snapshot *snapshot = nullptr,
                      const std::string &measurement = {});

    enum class List { measurements, fields, tag_keys, tag_values, series };
    // Fields as "name type".
    Result<std::vector<std::string>> list(List what, varve_schema_request request,
                                          varve_snapshot *snapshot = nullptr);
    Result<uint64_t> cardinality(varve_schema_request request);
    static varve_schema_request schema_request(uint64_t db_id = 1, uint64_t rp_id = 0);

    const varve_storage &table() const { return *table_; }
    varve_instance *instance() const { return instance_; }

  private:
    const varve_storage_maintenance &maintenance() const;
    Status read_measurement(const std::string &measurement, const std::vector<std::string> &fields,
                            const ReadSettings &settings, varve_snapshot *snapshot, Dump &dump);
    Status read_partition(varve_partition *partition, const varve_scan_schema &schema,
                          const ReadSettings &settings, Dump &dump);

    varve_instance *instance_;
    const varve_storage *table_;
};

// Owns its columns; for code that feeds batches to an engine in bulk.
class BatchBuilder {
  public:
    explicit BatchBuilder(const std::vector<Point> &points, const std::vector<bool> *keep);
    ~BatchBuilder();
    const varve_batch &batch() const;

  private:
    struct Memory;
    std::unique_ptr<Memory> memory_;
};

}  // namespace varve::test
