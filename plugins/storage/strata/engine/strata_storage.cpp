#include "storage/strata/engine/strata_storage.hpp"

#include <algorithm>

#include "storage/strata/scan/scan_partition.hpp"

namespace varve::strata {
namespace {

using storage::TimeRange;

// A memtable that is not flushed yet must not pile up behind the next one without end.
constexpr size_t kFrozenMax = 4;

class View final : public storage::PlanView {
  public:
    View(Database &database, uint64_t rp_id) : database_(database), rp_id_(rp_id) {}

    const storage::ShardSchema *schema(uint64_t shard_id) override {
        const Shard *shard = find(shard_id);
        return shard == nullptr ? nullptr : &shard->schema;
    }

    std::optional<uint64_t> integer_at(const storage::Series &series, uint64_t shard_id,
                                       int64_t time, std::string_view name) override {
        const Shard *shard = find(shard_id);
        if (shard == nullptr || !shard->has(series.id)) return std::nullopt;
        for (const uint32_t type : {VARVE_TYPE_INT64, VARVE_TYPE_UINT64}) {
            const Column *column = shard->columns.find(series.measurement(), name, type);
            if (column == nullptr) continue;
            ReadOptions options;
            options.range = {time, time};
            SeriesReader reader(shard->sources, series.id, {column}, options);
            if (!reader.open().ok() || !reader.next().ok()) continue;
            const auto times = reader.times();
            const auto values = reader.column(0);
            if (!times.ok() || !values.ok()) continue;
            for (uint32_t row = 0; row < reader.row_count(); ++row) {
                const uint64_t *validity = values->validity;
                if ((*times)[row] != time) continue;
                if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0) continue;
                return static_cast<const uint64_t *>(values->values)[row];
            }
        }
        return std::nullopt;
    }

  private:
    const Shard *find(uint64_t shard_id) {
        const auto found = database_.shards.find({rp_id_, shard_id});
        return found == database_.shards.end() ? nullptr : found->second.get();
    }

    Database &database_;
    uint64_t rp_id_;
};

uint64_t estimate_bytes(const Rows &rows) {
    uint64_t size_bytes = 0;
    for (const RowsPart &part : rows.parts) {
        size_bytes += uint64_t{part.row_count} * (24 + 8 * part.columns.size());
        for (const RowsColumn &column : part.columns) {
            if (column.type != VARVE_TYPE_STRING) continue;
            const auto *texts = static_cast<const varve_str *>(column.values);
            for (uint32_t i = 0; i < part.row_count; ++i) size_bytes += 4 + texts[part.row(i)].size;
        }
    }
    return size_bytes;
}

}  // namespace

const varve_descriptor &StrataStorage::descriptor() {
    static const varve_config_key keys[] = {
        {"memtable_size_max", "\"64MiB\"", "A shard is flushed when it holds this much in memory.",
         VARVE_CONFIG_SIZE, 0},
        {"wal_segment_size", "\"64MiB\"", "Size of one file of the log.", VARVE_CONFIG_SIZE, 0},
        {"wal_size_max", "\"1GiB\"", "Beyond it the shards that hold the log back are flushed.",
         VARVE_CONFIG_SIZE, 0},
        {"segments_max", "8", "More segments in a shard are merged.", VARVE_CONFIG_INTEGER, 0},
        {"flush_after", "\"10m\"", "A shard is flushed when its oldest row has waited this long.",
         VARVE_CONFIG_DURATION, 0},
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
    VARVE_RETURN_IF_ERROR(read("segments_max", 1, options_.segments_max));
    VARVE_RETURN_IF_ERROR(read("flush_after", 1, options_.flush_after_ns));
    VARVE_RETURN_IF_ERROR(read("snapshot_ttl", 1, options_.snapshot_ttl_ns));
    return read("maintenance_interval", 1'000'000, options_.maintenance_interval_ns);
}

Status StrataStorage::start() {
    VARVE_RETURN_IF_ERROR(read_options());
    root_ = host_.data_dir() + "/" + host_.instance_name();
    const auto *memory = host_.memory();
    if (memory != nullptr) write_account_ = memory->account(host_.raw(), "write");
    quarantined_total_ =
        host_.counter("varve_storage_quarantined_total", "Damaged files that were set aside.");
    flushes_total_ = host_.counter("varve_storage_flushes_total", "Memtables written to segments.");
    merges_total_ = host_.counter("varve_storage_merges_total", "Merges of segments.");
    memtable_bytes_ = host_.gauge("varve_storage_memtable_bytes", "Memory of unflushed rows.");
    VARVE_RETURN_IF_ERROR(recover());
    const auto *tasks = host_.tasks();
    varve_error error = abi_error();
    int32_t code = tasks->spawn(
        host_.raw(), "strata-wal", [](void *ctx) { static_cast<Wal *>(ctx)->run(); }, wal_.get(),
        &committer_, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    stop_maintenance_ = false;
    running_ = true;
    code = tasks->spawn(
        host_.raw(), "strata-maint",
        [](void *ctx) { static_cast<StrataStorage *>(ctx)->maintenance_loop(); }, this,
        &maintainer_, &error);
    if (code == VARVE_OK) return {};
    stop();
    return Status::from_abi(code, error);
}

void StrataStorage::stop() {
    running_ = false;
    {
        std::lock_guard lock(maintenance_mutex_);
        stop_maintenance_ = true;
        maintenance_wanted_.notify_all();
        maintenance_done_.notify_all();
    }
    if (maintainer_ != nullptr) host_.tasks()->join(std::exchange(maintainer_, nullptr));
    if (committer_ == nullptr) return;
    wal_->stop();
    host_.tasks()->join(std::exchange(committer_, nullptr));
}

Result<std::shared_ptr<Database>> StrataStorage::database(uint64_t db_id) {
    std::lock_guard lock(mutex_);
    const auto found = databases_.find(db_id);
    if (found != databases_.end()) return found->second;
    return Status(Code::not_found,
                  "database " + std::to_string(db_id) + " is not open in this storage");
}

std::shared_ptr<Database> StrataStorage::database_or_new(uint64_t db_id) {
    std::lock_guard lock(mutex_);
    auto &database = databases_[db_id];
    if (database == nullptr) {
        const auto *writer = host_.writer();
        const uint64_t seed = writer == nullptr ? 0 : writer->hash_seed(host_.raw());
        database = std::make_shared<Database>(db_id, seed);
    }
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
    const auto database = database_or_new(spec.db_id);
    std::lock_guard lock(database->mutex);
    database->limits = spec.limits;
    database->name = view(spec.db_name);
    database->policies[spec.rp_id] = view(spec.rp_name);
    for (auto &[key, shard] : database->shards) {
        if (key.first != spec.rp_id) continue;
        shard->identity.db_name = database->name;
        shard->identity.rp_name = view(spec.rp_name);
    }
    wake_maintenance();
    return {};
}

Shard &StrataStorage::shard_or_new(Database &database, uint64_t rp_id, const RowsPart &part,
                                   uint64_t lsn) {
    auto &shard = database.shards[{rp_id, part.shard_id}];
    if (shard != nullptr) return *shard;
    shard = std::make_shared<Shard>();
    const auto policy = database.policies.find(rp_id);
    shard->identity = {
        database.id, rp_id, part.shard_id, part.from_ns,
        part.to_ns,  lsn,   database.name, policy == database.policies.end() ? "" : policy->second};
    shard->directory = shard_directory(database.id, rp_id, part.shard_id);
    shard->publish();
    return *shard;
}

void StrataStorage::ensure_active(Shard &shard) {
    if (shard.active != nullptr) return;
    shard.active = std::make_shared<ShardMemtable>(host_.memory(), write_account_);
    shard.active->created_ns = host_.monotonic_ns();
    shard.publish();
}

// Whether there is memory for the rows; asked before anything is logged.
Status StrataStorage::admit(Database &database, const Rows &rows) {
    for (const RowsPart &part : rows.parts) {
        const auto shard = database.shards.find({rows.rp_id, part.shard_id});
        if (shard == database.shards.end() || shard->second->frozen.size() < kFrozenMax) continue;
        wake_maintenance();
        return {Code::unavailable, "shard " + std::to_string(part.shard_id) + " has " +
                                       std::to_string(kFrozenMax) + " memtables to be flushed"};
    }
    storage::Charge probe(host_.memory(), write_account_);
    const Status status = probe.add(estimate_bytes(rows));
    if (!status.ok()) wake_maintenance();
    return status;
}

void StrataStorage::apply(Database &database, const Rows &rows, uint64_t lsn) {
    database.last_lsn = std::max(database.last_lsn, lsn);
    for (const RowsPart &part : rows.parts) {
        Shard &shard = shard_or_new(database, rows.rp_id, part, lsn);
        if (lsn <= shard.flushed_lsn) continue;
        ensure_active(shard);
        ShardMemtable &memtable = *shard.active;
        apply_rows(database, shard, part, lsn);
        const uint64_t size_bytes = memtable.size_bytes();
        // A failed charge is not an error here: the rows are in, and the next write is refused.
        if (size_bytes > memtable.charged &&
            memtable.charge.add(size_bytes - memtable.charged).ok()) {
            memtable.charged = size_bytes;
        }
    }
    // Only now: a flushed LSN says that all rows of this write are flushed in its shard.
    for (const RowsPart &part : rows.parts) {
        Shard &shard = *database.shards[{rows.rp_id, part.shard_id}];
        if (shard.active == nullptr || shard.active->size_bytes() < options_.memtable_size_max) {
            continue;
        }
        shard.freeze();
        wake_maintenance();
    }
}

Status StrataStorage::write(const varve_batch &batch, const varve_write_opts &opts,
                            varve_write_done done, void *ctx) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    auto found = database(opts.db_id);
    if (!found.ok()) return found.status();
    Database &database = **found;
    std::shared_ptr<storage::Outcome> outcome;
    {
        std::lock_guard lock(database.mutex);
        if (database.policies.count(opts.rp_id) == 0) {
            return {Code::not_found, "retention policy " + std::to_string(opts.rp_id) +
                                         " is not open in this storage"};
        }
        View plan_view(database, opts.rp_id);
        auto plan = storage::plan_write(batch, opts, database.limits, database.index, plan_view);
        if (!plan.ok()) return plan.status();
        outcome = std::make_shared<storage::Outcome>(std::move(plan->outcome));
        if (outcome->accepted != 0) {
            const Rows rows = rows_of_plan(batch, opts, *plan);
            VARVE_RETURN_IF_ERROR(admit(database, rows));
            WalEntry entry;
            entry.type = FrameType::rows;
            entry.payload = encode_rows(rows);
            entry.durability = opts.durability;
            entry.interval_ns = opts.interval_ns;
            entry.done = [outcome, done, ctx](const Status &status, uint64_t lsn) {
                outcome->lsn = lsn;
                outcome->status = status;
                outcome->deliver(done, ctx);
            };
            const auto lsn = wal_->submit(std::move(entry));
            if (!lsn.ok()) return lsn.status();
            apply(database, rows, *lsn);
            return {};
        }
    }
    outcome->deliver(done, ctx);
    return {};
}

Status StrataStorage::measurement_rename(uint64_t, std::string_view, std::string_view,
                                         varve_write_done, void *) {
    return {Code::unsupported, "storage.strata cannot rename measurements yet"};
}

Status StrataStorage::delete_rows(const varve_delete_request &, varve_write_done, void *) {
    return {Code::unsupported, "storage.strata cannot delete rows yet; drop the shard instead"};
}

Status StrataStorage::snapshot_open(uint64_t db_id, varve_snapshot **out, uint64_t *lsn) {
    auto found = database(db_id);
    if (!found.ok()) return found.status();
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->database = *found;
    snapshot->opened_ns = host_.monotonic_ns();
    {
        std::lock_guard lock((*found)->mutex);
        snapshot->lsn = (*found)->last_lsn;
        for (const auto &[key, shard] : (*found)->shards) {
            snapshot->shards.push_back({shard, shard->sources});
        }
    }
    std::sort(snapshot->shards.begin(), snapshot->shards.end(),
              [](const ShardView &a, const ShardView &b) {
                  return a.shard->identity.from_ns < b.shard->identity.from_ns;
              });
    *lsn = snapshot->lsn;
    *out = reinterpret_cast<varve_snapshot *>(snapshot.release());
    return {};
}

void StrataStorage::snapshot_close(varve_snapshot *snapshot) {
    delete reinterpret_cast<Snapshot *>(snapshot);
}

Status StrataStorage::check_age(const Snapshot &snapshot) {
    if (host_.monotonic_ns() - snapshot.opened_ns <= options_.snapshot_ttl_ns) return {};
    return {Code::snapshot_expired, "the snapshot is older than snapshot_ttl"};
}

Status StrataStorage::scan(varve_snapshot *handle, const varve_scan_request &request,
                           varve_partition **out, uint32_t capacity, uint32_t *count,
                           varve_scan_schema *schema) {
    *count = 0;
    *schema = varve_scan_schema{};
    schema->struct_size = sizeof *schema;
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    VARVE_RETURN_IF_ERROR(check_age(snapshot));
    const auto predicate = storage::Predicate::compile(request.series);
    if (!predicate.ok()) return predicate.status();
    const TimeRange range = TimeRange::from_abi(request.from_ns, request.to_ns);
    const std::string_view measurement = view(request.measurement);
    std::vector<const ShardView *> shards;
    for (const ShardView &one : snapshot.shards) {
        const ShardIdentity &identity = one.shard->identity;
        const int64_t last = identity.to_ns == INT64_MAX ? INT64_MAX : identity.to_ns - 1;
        if (identity.rp_id == request.rp_id && !range.empty() &&
            range.overlaps(identity.from_ns, last)) {
            shards.push_back(&one);
        }
    }
    auto state = std::make_shared<ScanState>();
    state->shape = storage::ScanShape::resolve(request, [&](std::string_view field) {
        uint32_t types = 0;
        for (const ShardView *one : shards) {
            types |= one->shard->schema.visible_types(measurement, field, snapshot.lsn);
        }
        return types;
    });
    state->lsn = snapshot.lsn;
    state->memory = host_.memory();
    state->keeper = snapshot.database;
    for (const ShardView *one : shards) {
        ShardScan scan{
            one->shard, one->sources, {}, one->shard->identity.from_ns, one->shard->identity.to_ns};
        for (const varve_scan_column &column : state->shape.columns) {
            scan.wanted.push_back(
                one->shard->columns.find(measurement, view(column.name), column.type));
        }
        state->shards.push_back(std::move(scan));
    }
    std::vector<const storage::Series *> series;
    for (const storage::Series *one : snapshot.database->index.of_measurement(measurement)) {
        const bool present = std::any_of(shards.begin(), shards.end(), [&](const ShardView *shard) {
            return shard->shard->is_visible(one->id, snapshot.lsn);
        });
        if (present && predicate->matches(one->parts)) series.push_back(one);
    }
    const uint32_t wanted = storage::partition_count(request, capacity, series.size());
    const size_t share = wanted == 0 ? 0 : (series.size() + wanted - 1) / wanted;
    std::vector<std::unique_ptr<ScanPartition>> partitions;
    for (size_t from = 0; from < series.size(); from += share) {
        const size_t to = std::min(from + share, series.size());
        partitions.push_back(std::make_unique<ScanPartition>(
            state, std::vector(series.begin() + static_cast<int64_t>(from),
                               series.begin() + static_cast<int64_t>(to))));
    }
    for (auto &partition : partitions) out[(*count)++] = storage::to_abi(partition.release());
    if (*count != 0) state->shape.describe(*schema);
    return {};
}

Storage::PartitionTable StrataStorage::partition_table() const {
    return storage::partition_functions();
}

}  // namespace varve::strata
