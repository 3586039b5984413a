#include "query/exec/storage_gateway.hpp"

#include <condition_variable>
#include <mutex>

namespace varve::query {

namespace {

constexpr uint32_t kPartitionsMax = 256;

// Waits on the caller's thread for a `done` that may come on any.
struct Waiter {
    std::mutex mutex;
    std::condition_variable wake;
    bool finished = false;
    Status status;

    static void done(void *ctx, const varve_write_result *result) {
        auto *waiter = static_cast<Waiter *>(ctx);
        const std::lock_guard lock(waiter->mutex);
        if (result->code != VARVE_OK) {
            waiter->status =
                Status(static_cast<Code>(result->code), std::string(view(result->error)));
        }
        waiter->finished = true;
        waiter->wake.notify_one();
    }
    Status wait() {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return finished; });
        return status;
    }
};

}  // namespace

Status StorageGateway::drop_database(uint64_t db_id, uint64_t rp_id) const {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code =
        table_->database_drop(instance_, db_id, rp_id, Waiter::done, &waiter, &error);
    if (code == VARVE_NOT_FOUND) return {};  // nothing was ever written there
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return waiter.wait();
}

Status StorageGateway::drop_shard(uint64_t db_id, uint64_t rp_id, uint64_t shard_id) const {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code =
        table_->shard_drop(instance_, db_id, rp_id, shard_id, Waiter::done, &waiter, &error);
    if (code == VARVE_NOT_FOUND) return {};
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return waiter.wait();
}

Status StorageGateway::delete_rows(const varve_delete_request &request) const {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code = table_->delete_rows(instance_, &request, Waiter::done, &waiter, &error);
    if (code == VARVE_NOT_FOUND) return {};
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return waiter.wait();
}

Status StorageGateway::rename_measurement(uint64_t db_id, const std::string &from,
                                          const std::string &to) const {
    Waiter waiter;
    varve_error error = abi_error();
    const int32_t code = table_->measurement_rename(instance_, db_id, str(from), str(to),
                                                    Waiter::done, &waiter, &error);
    // A database that nobody wrote to yet is not known to the storage.
    if (code == VARVE_NOT_FOUND) return {Code::not_found, "measurement not found: " + from};
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return waiter.wait();
}

namespace exec {

Result<std::shared_ptr<Snapshot>> Snapshot::open(const StorageGateway &storage, uint64_t db_id) {
    std::shared_ptr<Snapshot> snapshot(new Snapshot(storage, db_id));
    varve_error error = abi_error();
    uint64_t lsn = 0;
    const int32_t code =
        storage.table()->snapshot_open(storage.instance(), db_id, &snapshot->handle_, &lsn, &error);
    // A database that nobody wrote to yet is not known to the storage: it reads as empty.
    if (code == VARVE_NOT_FOUND) return snapshot;
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return snapshot;
}

Snapshot::~Snapshot() {
    if (handle_ != nullptr) storage_.table()->snapshot_close(storage_.instance(), handle_);
}

varve_schema_request Snapshot::schema_request(uint64_t rp_id, std::string_view measurement) const {
    varve_schema_request request{};
    request.struct_size = sizeof request;
    request.db_id = db_id_;
    request.rp_id = rp_id;
    request.measurement = str(measurement);
    return request;
}

Result<std::vector<Snapshot::Entry>> Snapshot::list(SchemaCall call,
                                                    varve_schema_request request) const {
    std::vector<Entry> entries;
    if (handle_ == nullptr) return entries;
    const varve_schema_sink sink{
        &entries, [](void *ctx, varve_str text, uint32_t type) -> int32_t {
            static_cast<std::vector<Entry> *>(ctx)->push_back({std::string(view(text)), type});
            return VARVE_OK;
        }};
    varve_error error = abi_error();
    const int32_t code =
        (storage_.table()->*call)(storage_.instance(), handle_, &request, sink, &error);
    if (code != VARVE_OK && code != VARVE_NOT_FOUND) return Status::from_abi(code, error);
    return entries;
}

Result<uint64_t> Snapshot::cardinality(varve_schema_request request) const {
    uint64_t count = 0;
    if (handle_ == nullptr) return count;
    varve_error error = abi_error();
    const int32_t code =
        storage_.table()->cardinality(storage_.instance(), handle_, &request, &count, &error);
    if (code != VARVE_OK && code != VARVE_NOT_FOUND) return Status::from_abi(code, error);
    return count;
}

const varve_series_predicate *AbiPredicate::build(const plan::SeriesPredicate &predicate) {
    auto node = std::make_unique<varve_series_predicate>();
    node->op = predicate.op;
    node->tag = str(predicate.tag);
    node->value = str(predicate.value);
    node->child_count = static_cast<uint32_t>(predicate.children.size());
    node->children = nullptr;
    if (!predicate.children.empty()) {
        auto list = std::make_unique<const varve_series_predicate *[]>(predicate.children.size());
        for (size_t i = 0; i < predicate.children.size(); ++i) {
            list[i] = build(predicate.children[i]);
        }
        node->children = list.get();
        lists_.push_back(std::move(list));
    }
    nodes_.push_back(std::move(node));
    return nodes_.back().get();
}

std::vector<varve_value_condition> abi_conditions(
    const std::vector<plan::ValueCondition> &conditions) {
    std::vector<varve_value_condition> abi;
    for (const plan::ValueCondition &condition : conditions) {
        varve_value_condition out{};
        out.column = str(condition.column);
        out.op = condition.op;
        out.type = static_cast<uint32_t>(condition.type);
        out.text = str(condition.text);
        switch (condition.type) {
            case plan::Type::floating:
                out.constant.as_float = condition.number;
                break;
            case plan::Type::integer:
                out.constant.as_int = condition.integer;
                break;
            default:
                out.constant.as_uint = condition.unsigned_integer;
                break;
        }
        abi.push_back(out);
    }
    return abi;
}

void StorageScan::build_request(const Budget &budget) {
    predicate_ = std::make_unique<AbiPredicate>(spec_.source->series);
    conditions_ = abi_conditions(spec_.source->conditions);
    for (const std::string &field : spec_.fields) {
        asked_.push_back({str(field), VARVE_TYPE_ANY, 0});
    }
    for (const std::string &tag : spec_.tag_keys) tags_.push_back(str(tag));
    request_.struct_size = sizeof request_;
    request_.descending = spec_.descending ? 1 : 0;
    request_.db_id = spec_.source->db_id;
    request_.rp_id = spec_.source->rp_id;
    request_.measurement = str(spec_.source->measurement);
    request_.from_ns = spec_.from_ns;
    request_.to_ns = spec_.to_ns;
    request_.series = predicate_->get();
    request_.conditions = conditions_.data();
    request_.condition_count = static_cast<uint32_t>(conditions_.size());
    request_.columns = asked_.data();
    request_.column_count = static_cast<uint32_t>(asked_.size());
    request_.tag_keys = tags_.data();
    request_.tag_key_count = static_cast<uint32_t>(tags_.size());
    request_.partition_count = spec_.partitions;
    request_.limit_per_series = spec_.limit_per_series;
    request_.wants_stats = spec_.wants_stats ? 1 : 0;
    request_.stats_span_max_ns = spec_.stats_span_max_ns;
    request_.cancelled = budget.cancelled();
}

Result<std::unique_ptr<Scan>> StorageScan::open(const Snapshot &snapshot, ScanSpec spec,
                                                const Budget &budget) {
    std::unique_ptr<StorageScan> scan(
        new StorageScan(*snapshot.storage().table(), std::move(spec)));
    if (snapshot.handle() == nullptr || scan->spec_.from_ns >= scan->spec_.to_ns)
        return Result<std::unique_ptr<Scan>>(std::move(scan));
    scan->build_request(budget);
    scan->partitions_.resize(kPartitionsMax);
    varve_scan_schema schema{};
    schema.struct_size = sizeof schema;
    uint32_t count = 0;
    varve_error error = abi_error();
    const int32_t code =
        scan->table_.scan(snapshot.storage().instance(), snapshot.handle(), &scan->request_,
                          scan->partitions_.data(), kPartitionsMax, &count, &schema, &error);
    scan->partitions_.resize(code == VARVE_OK ? count : 0);
    if (code != VARVE_OK && code != VARVE_NOT_FOUND) return Status::from_abi(code, error);
    for (uint32_t i = 0; !scan->partitions_.empty() && i < schema.column_count; ++i) {
        scan->columns_.push_back(
            {schema.asked[i], static_cast<plan::Type>(schema.columns[i].type)});
    }
    return Result<std::unique_ptr<Scan>>(std::move(scan));
}

StorageScan::~StorageScan() {
    for (varve_partition *partition : partitions_) table_.partition_close(partition);
}

Result<bool> StorageScan::next(size_t partition, varve_block &block) {
    varve_error error = abi_error();
    block = varve_block{};
    block.struct_size = sizeof block;
    const int32_t code = table_.next(partitions_[partition], &block, &error);
    if (code == VARVE_END) return false;
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return true;
}

Status StorageScan::load(size_t partition, const varve_block &block,
                         const std::vector<uint32_t> &positions, varve_loaded &out) {
    varve_error error = abi_error();
    out = varve_loaded{};
    out.struct_size = sizeof out;
    return Status::from_abi(table_.load(partitions_[partition], &block, positions.data(),
                                        static_cast<uint32_t>(positions.size()), &out, &error),
                            error);
}

Status StorageScan::lookup(size_t partition, const std::vector<uint32_t> &series,
                           const std::vector<int64_t> &times,
                           const std::vector<uint32_t> &positions, varve_looked_up &out) {
    varve_error error = abi_error();
    out = varve_looked_up{};
    out.struct_size = sizeof out;
    return Status::from_abi(table_.lookup(partitions_[partition], series.data(), times.data(),
                                          static_cast<uint32_t>(series.size()), positions.data(),
                                          static_cast<uint32_t>(positions.size()), &out, &error),
                            error);
}

std::string_view StorageScan::series_key(size_t partition, uint32_t series) const {
    return view(table_.series_key(partitions_[partition], series));
}

std::string_view StorageScan::series_tag(size_t partition, uint32_t series, uint32_t tag) const {
    return view(table_.series_tag(partitions_[partition], series, tag));
}

}  // namespace exec
}  // namespace varve::query
