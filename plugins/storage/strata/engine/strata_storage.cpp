#include "storage/strata/engine/strata_storage.hpp"

#include <algorithm>

namespace varve::strata {
namespace {

// How often it is looked whether a write that was held back has waited long enough.
constexpr int64_t kAcknowledgeIntervalNs = 100'000'000;

}  // namespace

const varve_descriptor &StrataStorage::descriptor() {
    static const varve_config_key keys[] = {
        {"memtable_size_max", "\"64MiB\"", "A shard is flushed when it holds this much in memory.",
         VARVE_CONFIG_SIZE, 0},
        {"wal_segment_size", "\"64MiB\"", "Size of one file of the log.", VARVE_CONFIG_SIZE, 0},
        {"wal_size_max", "\"1GiB\"", "Beyond it the shards that hold the log back are flushed.",
         VARVE_CONFIG_SIZE, 0},
        {"free_space_min", "\"256MiB\"",
         "With less space free on the disk rows are refused, so that deletes still have room.",
         VARVE_CONFIG_SIZE, 0},
        {"segments_max", "4", "More segments of about one size in a shard are merged.",
         VARVE_CONFIG_INTEGER, 0},
        {"segment_size_max", "\"256MiB\"", "A merge begins another segment at this size.",
         VARVE_CONFIG_SIZE, 0},
        {"index_cache_size_max", "\"32MiB\"",
         "So much of the segments' block indexes stays in memory, ready for queries.",
         VARVE_CONFIG_SIZE, 0},
        {"flush_after", "\"10m\"", "A shard is flushed when its oldest row has waited this long.",
         VARVE_CONFIG_DURATION, 0},
        {"compact_after", "\"1h\"",
         "A shard that was not written to for this long is packed as densely as possible.",
         VARVE_CONFIG_DURATION, 0},
        {"compact_bandwidth", "\"64MiB\"", "Merges write at most this much a second.",
         VARVE_CONFIG_SIZE, 0},
        {"scrub_interval", "\"24h\"", "How often all stored files are read and checked; 0 = never.",
         VARVE_CONFIG_DURATION, 0},
        {"scrub_bandwidth", "\"20MiB\"", "The check reads at most this much a second.",
         VARVE_CONFIG_SIZE, 0},
        {"snapshot_ttl", "\"120s\"", "A reader that takes longer loses its snapshot.",
         VARVE_CONFIG_DURATION, 0},
        {"maintenance_interval", "\"1s\"", "How often flushes and merges are looked for.",
         VARVE_CONFIG_DURATION, 0}};
    static const varve_descriptor descriptor = {
        sizeof(varve_descriptor),
        VARVE_KIND_STORAGE,
        "storage.strata",
        "Strata",
        "1.0.0",
        "Time-partitioned columns on disk behind a write-ahead log.",
        keys,
        std::size(keys),
        0};
    return descriptor;
}

StrataStorage::StrataStorage(Host host) : host_(host), files_(host) {}

StrataStorage::~StrataStorage() {
    stop();
}

Status StrataStorage::read_options() {
    const auto read = [&](const char *key, int64_t low, auto &out) -> Status {
        const auto value = host_.config_integer(key);
        if (!value.ok()) return value.status();
        if (*value < low) {
            return {Code::invalid_argument,
                    std::string(key) + " must be at least " + std::to_string(low)};
        }
        out = static_cast<std::remove_reference_t<decltype(out)>>(*value);
        return {};
    };
    VARVE_RETURN_IF_ERROR(read("memtable_size_max", 4096, options_.memtable_size_max));
    VARVE_RETURN_IF_ERROR(read("wal_segment_size", 8192, options_.wal_segment_size));
    VARVE_RETURN_IF_ERROR(read("wal_size_max", 8192, options_.wal_size_max));
    VARVE_RETURN_IF_ERROR(read("free_space_min", 0, options_.free_space_min));
    VARVE_RETURN_IF_ERROR(read("segments_max", 1, options_.segments_max));
    VARVE_RETURN_IF_ERROR(read("segment_size_max", 4096, options_.segment_size_max));
    VARVE_RETURN_IF_ERROR(read("index_cache_size_max", 0, options_.index_cache_size_max));
    VARVE_RETURN_IF_ERROR(read("flush_after", 1, options_.flush_after_ns));
    VARVE_RETURN_IF_ERROR(read("compact_after", 1, options_.compact_after_ns));
    VARVE_RETURN_IF_ERROR(read("compact_bandwidth", 4096, options_.compact_bandwidth));
    VARVE_RETURN_IF_ERROR(read("scrub_interval", 0, options_.scrub_interval_ns));
    VARVE_RETURN_IF_ERROR(read("scrub_bandwidth", 4096, options_.scrub_bandwidth));
    VARVE_RETURN_IF_ERROR(read("snapshot_ttl", 1, options_.snapshot_ttl_ns));
    return read("maintenance_interval", 1'000'000, options_.maintenance_interval_ns);
}

void StrataStorage::make_metrics() {
    quarantined_total_ =
        host_.counter("varve_storage_quarantined_total", "Damaged files that were set aside.");
    flushes_total_ = host_.counter("varve_storage_flushes_total", "Memtables written to segments.");
    merges_total_ = host_.counter("varve_storage_merges_total", "Merges of segments.");
    merge_bytes_total_ = host_.counter("varve_storage_merge_bytes_total", "Bytes merges wrote.");
    scrubbed_bytes_total_ =
        host_.counter("varve_storage_scrubbed_bytes_total", "Bytes the scrubber has checked.");
    memtable_bytes_ = host_.gauge("varve_storage_memtable_bytes", "Memory of unflushed rows.");
    index_cache_bytes_ = host_.gauge("varve_storage_index_cache_bytes",
                                     "Memory of the parts of block indexes that are kept.");
    held_back_total_ = host_.counter("varve_storage_held_back_total",
                                     "Writes acknowledged late, so that senders slow down.");
    merge_debt_ = host_.gauge("varve_storage_merge_debt", "Segments that wait for a merge.");
}

Status StrataStorage::spawn(const char *name, void (*run)(void *), varve_task *&task) {
    varve_error error = abi_error();
    const int32_t code = host_.tasks()->spawn(host_.raw(), name, run, this, &task, &error);
    return code == VARVE_OK ? Status() : Status::from_abi(code, error);
}

Status StrataStorage::start() {
    VARVE_RETURN_IF_ERROR(read_options());
    root_ = host_.data_dir() + "/" + host_.instance_name();
    const auto *memory = host_.memory();
    if (memory != nullptr) write_account_ = memory->account(host_.raw(), "write");
    make_metrics();
    index_cache_ = std::make_shared<IndexCache>(options_.index_cache_size_max);
    VARVE_RETURN_IF_ERROR(recover());
    stop_maintenance_ = false;
    compactions_wanted_ = compactions_flushed_ = compactions_done_ = 0;
    scrubbed_ns_ = host_.monotonic_ns();
    running_ = true;
    using Self = StrataStorage;
    Status status = spawn(
        "strata-wal", [](void *self) { static_cast<Self *>(self)->wal_->run(); }, committer_);
    if (status.ok()) {
        status = spawn(
            "strata-flush", [](void *self) { static_cast<Self *>(self)->flush_loop(); }, flusher_);
    }
    if (status.ok()) {
        status = spawn(
            "strata-merge", [](void *self) { static_cast<Self *>(self)->merge_loop(); }, merger_);
    }
    if (status.ok()) {
        varve_error error = abi_error();
        const int32_t code = host_.tasks()->every(
            host_.raw(), kAcknowledgeIntervalNs,
            [](void *self) { static_cast<Self *>(self)->release_held_back(false); }, this,
            &acknowledger_, &error);
        if (code != VARVE_OK) status = Status::from_abi(code, error);
    }
    if (!status.ok()) stop();
    return status;
}

void StrataStorage::stop() {
    running_ = false;
    {
        std::lock_guard lock(maintenance_mutex_);
        stop_maintenance_ = true;
        maintenance_wanted_.notify_all();
        maintenance_done_.notify_all();
    }
    if (acknowledger_ != nullptr) host_.tasks()->cancel(std::exchange(acknowledger_, nullptr));
    for (varve_task **task : {&flusher_, &merger_}) {
        if (*task != nullptr) host_.tasks()->join(std::exchange(*task, nullptr));
    }
    if (committer_ == nullptr) return;
    wal_->stop();
    host_.tasks()->join(std::exchange(committer_, nullptr));
    release_held_back(true);
}

Result<std::shared_ptr<Database>> StrataStorage::database(uint64_t db_id) {
    std::lock_guard lock(mutex_);
    const auto found = databases_.find(db_id);
    if (found != databases_.end()) return found->second;
    return Status(Code::not_found,
                  "database " + std::to_string(db_id) + " is not open in this storage");
}

Result<std::shared_ptr<Database>> StrataStorage::database_or_new(uint64_t db_id) {
    std::lock_guard lock(mutex_);
    const auto found = databases_.find(db_id);
    if (found != databases_.end()) return found->second;
    const auto *writer = host_.writer();
    const uint64_t seed = writer == nullptr ? 0 : writer->hash_seed(host_.raw());
    auto database = std::make_shared<Database>(
        db_id, files_, root_ + "/data/" + std::to_string(db_id) + "/index", seed);
    if (Status status = open_index(*database); !status.ok()) return status;
    databases_[db_id] = database;
    return database;
}

std::vector<std::shared_ptr<Database>> StrataStorage::all_databases() {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Database>> all;
    all.reserve(databases_.size());
    for (const auto &[id, database] : databases_) all.push_back(database);
    return all;
}

std::string StrataStorage::shard_directory(uint64_t db_id, uint64_t rp_id,
                                           uint64_t shard_id) const {
    return root_ + "/data/" + std::to_string(db_id) + "/" + std::to_string(rp_id) + "/" +
           std::to_string(shard_id);
}

Status StrataStorage::database_open(const varve_database_spec &spec) {
    auto found = database_or_new(spec.db_id);
    if (!found.ok()) return found.status();
    const std::shared_ptr<Database> &database = *found;
    std::lock_guard lock(database->mutex);
    database->limits = spec.limits;
    database->name = view(spec.db_name);
    database->policies[spec.rp_id] = view(spec.rp_name);
    for (auto &[key, shard] : database->shards) {
        if (key.first != spec.rp_id) continue;
        shard->identity.db_name = database->name;
        shard->identity.rp_name = view(spec.rp_name);
    }
    wake(true);
    return {};
}

}  // namespace varve::strata
