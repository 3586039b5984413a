#include "storage/memory/memory_storage.hpp"

#include <algorithm>
#include <cstring>

#include "storage/common/predicate.hpp"
#include "storage/common/write_plan.hpp"
#include "storage/memory/memory_partition.hpp"

namespace varve::memory {
namespace {

using storage::Outcome;
using storage::TimeRange;

Status not_open(uint64_t db_id) {
    return {Code::not_found, "database " + std::to_string(db_id) + " is not open in this storage"};
}

class View final : public storage::PlanView {
  public:
    View(Database &database, uint64_t rp_id, uint64_t lsn)
        : database_(database), rp_id_(rp_id), lsn_(lsn) {}

    const storage::ShardSchema *schema(uint64_t shard_id) override {
        const auto found = database_.shards.find({rp_id_, shard_id});
        return found == database_.shards.end() ? nullptr : &found->second->schema;
    }

    std::optional<uint64_t> integer_at(uint32_t series, std::string_view, uint64_t shard_id,
                                       int64_t time, std::string_view column) override {
        const auto shard = database_.shards.find({rp_id_, shard_id});
        if (shard == database_.shards.end()) return std::nullopt;
        const auto rows = shard->second->series.find(series);
        if (rows == shard->second->series.end()) return std::nullopt;
        const auto cells = rows->second.rows.find(time);
        if (cells == rows->second.rows.end()) return std::nullopt;
        for (const auto &[key, value] : visible_row(cells->second, lsn_)) {
            const bool integer =
                key->second == VARVE_TYPE_INT64 || key->second == VARVE_TYPE_UINT64;
            if (integer && key->first == column) return value->bits;
        }
        return std::nullopt;
    }

    uint64_t hash_seed() const override { return database_.index.hash_seed(); }
    Status find_all(std::span<const varve_series_key> keys, std::span<uint32_t> series,
                    std::span<uint8_t> live) override {
        for (size_t i = 0; i < keys.size(); ++i) {
            const storage::Series *found = database_.index.find(view(keys[i].text), keys[i].hash);
            series[i] = found == nullptr ? storage::kNoSeries : found->id;
            live[i] = found != nullptr && found->live();
        }
        return {};
    }
    Result<uint32_t> make(std::string_view key, const series_key::Hashes &hashes) override {
        auto made = database_.index.intern(key, hashes.hash);
        if (!made.ok()) return made.status();
        return (*made)->id;
    }
    uint64_t live_count() const override { return database_.index.live_count(); }
    uint64_t measurement_series_count(std::string_view measurement) override {
        const auto all = database_.index.of_measurement(measurement);
        return static_cast<uint64_t>(std::count_if(
            all.begin(), all.end(), [](const storage::Series *one) { return one->live(); }));
    }
    uint64_t tag_value_count(std::string_view measurement, std::string_view tag) override {
        database_.index.count_tag_values();
        return database_.index.tag_value_count(measurement, tag);
    }
    bool has_tag_value(std::string_view measurement, const series_key::Tag &tag) override {
        database_.index.count_tag_values();
        return database_.index.has_tag_value(measurement, tag);
    }

  private:
    Database &database_;
    uint64_t rp_id_;
    uint64_t lsn_;
};

Value value_of(const varve_column &column, uint32_t row, bool widens) {
    Value value;
    switch (column.type) {
        case VARVE_TYPE_STRING:
            value.text = view(static_cast<const varve_str *>(column.values)[row]);
            break;
        case VARVE_TYPE_BOOLEAN:
            value.bits = static_cast<const uint8_t *>(column.values)[row];
            break;
        default:
            value.bits = static_cast<const uint64_t *>(column.values)[row];
    }
    if (widens) {
        const double wide = column.type == VARVE_TYPE_INT64
                                ? static_cast<double>(static_cast<int64_t>(value.bits))
                                : static_cast<double>(value.bits);
        std::memcpy(&value.bits, &wide, sizeof wide);
    }
    return value;
}

}  // namespace

const varve_descriptor &MemoryStorage::descriptor() {
    static const varve_config_key keys[] = {
        {"size_max", "\"256MiB\"", "Writes are refused beyond this size.", VARVE_CONFIG_SIZE, 0}};
    static const varve_descriptor descriptor = {sizeof(varve_descriptor),
                                                VARVE_KIND_STORAGE,
                                                "storage.memory",
                                                "Memory",
                                                "1.0.0",
                                                "Keeps everything in memory; gone after a restart.",
                                                keys,
                                                1,
                                                0};
    return descriptor;
}

MemoryStorage::MemoryStorage(Host host) : host_(host) {}

Status MemoryStorage::start() {
    const auto size_max = host_.config_integer("size_max");
    if (!size_max.ok()) return size_max.status();
    if (*size_max <= 0) return {Code::invalid_argument, "size_max must be positive"};
    std::lock_guard lock(mutex_);
    size_max_ = static_cast<uint64_t>(*size_max);
    running_ = true;
    return {};
}

void MemoryStorage::stop() {
    std::lock_guard lock(mutex_);
    running_ = false;
}

Result<std::shared_ptr<Database>> MemoryStorage::database(uint64_t db_id) const {
    const auto found = databases_.find(db_id);
    if (found == databases_.end()) return not_open(db_id);
    return found->second;
}

Status MemoryStorage::database_open(const varve_database_spec &spec) {
    std::lock_guard lock(mutex_);
    auto &database = databases_[spec.db_id];
    const auto *writer = host_.writer();
    const uint64_t seed = writer == nullptr ? 0 : writer->hash_seed(host_.raw());
    if (database == nullptr) database = std::make_shared<Database>(seed);
    database->limits = spec.limits;
    database->policies[spec.rp_id] = view(spec.rp_name);
    return {};
}

void MemoryStorage::drop_shard(Database &database, Shard &shard) {
    for (auto &[id, rows] : shard.series) {
        if (rows.live) database.index.release(*rows.series);
        rows.live = false;
    }
}

Status MemoryStorage::database_drop(uint64_t db_id, uint64_t rp_id, varve_write_done done,
                                    void *ctx) {
    Outcome outcome;
    {
        std::lock_guard lock(mutex_);
        const auto found = databases_.find(db_id);
        if (found != databases_.end()) {
            Database &database = *found->second;
            std::erase_if(database.shards, [&](auto &entry) {
                if (rp_id != 0 && entry.first.first != rp_id) return false;
                drop_shard(database, *entry.second);
                return true;
            });
            database.policies.erase(rp_id);
            if (rp_id == 0) databases_.erase(found);
        }
        outcome.lsn = ++lsn_;
    }
    outcome.deliver(done, ctx);
    return {};
}

Status MemoryStorage::shard_drop(uint64_t db_id, uint64_t rp_id, uint64_t shard_id,
                                 varve_write_done done, void *ctx) {
    Outcome outcome;
    {
        std::lock_guard lock(mutex_);
        const auto found = databases_.find(db_id);
        if (found != databases_.end()) {
            Database &database = *found->second;
            const auto shard = database.shards.find({rp_id, shard_id});
            if (shard != database.shards.end()) {
                drop_shard(database, *shard->second);
                database.shards.erase(shard);
            }
        }
        outcome.lsn = ++lsn_;
    }
    outcome.deliver(done, ctx);
    return {};
}

void MemoryStorage::put(Database &database, Shard &shard, storage::Series &series, int64_t time,
                        Cell cell) {
    SeriesRows &rows = shard.series[series.id];
    rows.series = &series;
    if (!rows.live) database.index.acquire(series);
    rows.live = true;
    size_bytes_ += sizeof(Cell) + cell.value.text.size();
    rows.rows[time].push_back(std::move(cell));
}

void MemoryStorage::apply(const varve_batch &batch, const varve_write_opts &opts,
                          const storage::WritePlan &plan, Database &database) {
    for (const storage::PlanPart &part : plan.parts) {
        const varve_table &table = *batch.tables[part.table];
        const varve_shard_range &range = opts.shards[part.shard];
        auto &shard = database.shards[{opts.rp_id, range.id}];
        if (shard == nullptr) {
            shard = std::make_shared<Shard>();
            shard->id = range.id;
            shard->rp_id = opts.rp_id;
            shard->from_ns = range.from_ns;
            shard->to_ns = range.to_ns;
        }
        for (const storage::PlannedColumn &planned : part.columns) {
            const varve_column &source = table.columns[planned.source];
            const ColumnKey *column = shard->column(view(source.name), planned.type);
            for (uint32_t i = 0; i < part.row_count; ++i) {
                const uint32_t row = part.row(i);
                if (!storage::is_valid(source, row)) continue;
                const uint32_t ordinal = table.ordinals == nullptr ? row : table.ordinals[row];
                const size_t key = plan.first_key[part.table] + table.key_index[row];
                put(database, *shard, database.index.at(plan.series[key]), table.times[row],
                    {lsn_, ordinal, column, value_of(source, row, planned.widens)});
            }
        }
    }
    for (const storage::NewField &field : plan.new_fields) {
        const varve_table &table = *batch.tables[field.table];
        database.shards[{opts.rp_id, opts.shards[field.shard].id}]->schema.add(
            view(table.measurement), view(table.columns[field.column].name), field.type, lsn_);
    }
}

Status MemoryStorage::write(const varve_batch &batch, const varve_write_opts &opts,
                            varve_write_done done, void *ctx) {
    Outcome outcome;
    {
        std::lock_guard lock(mutex_);
        if (!running_) return {Code::unavailable, "the storage is stopped"};
        auto found = database(opts.db_id);
        if (!found.ok()) return found.status();
        Database &database = **found;
        if (database.policies.count(opts.rp_id) == 0) {
            return {Code::not_found, "retention policy " + std::to_string(opts.rp_id) +
                                         " is not open in this storage"};
        }
        if (size_bytes_ >= size_max_) {
            return {Code::resource_exhausted,
                    "storage.memory holds " + std::to_string(size_bytes_) +
                        " bytes, size_max allows " + std::to_string(size_max_)};
        }
        View plan_view(database, opts.rp_id, lsn_);
        auto plan = storage::plan_write(batch, opts, database.limits, plan_view);
        if (!plan.ok()) return plan.status();
        outcome = std::move(plan->outcome);
        if (outcome.accepted != 0) {
            outcome.lsn = ++lsn_;
            apply(batch, opts, *plan, database);
        }
    }
    outcome.deliver(done, ctx);
    return {};
}

Status MemoryStorage::snapshot_open(uint64_t db_id, varve_snapshot **out, uint64_t *lsn) {
    std::lock_guard lock(mutex_);
    auto found = database(db_id);
    if (!found.ok()) return found.status();
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->lsn = lsn_;
    snapshot->database = *found;
    for (const auto &[key, shard] : (*found)->shards) snapshot->shards.push_back(shard);
    ++open_snapshots_;
    *lsn = lsn_;
    *out = reinterpret_cast<varve_snapshot *>(snapshot.release());
    return {};
}

void MemoryStorage::snapshot_close(varve_snapshot *snapshot) {
    std::lock_guard lock(mutex_);
    --open_snapshots_;
    delete reinterpret_cast<Snapshot *>(snapshot);
}

Status MemoryStorage::scan(varve_snapshot *handle, const varve_scan_request &request,
                           varve_partition **out, uint32_t capacity, uint32_t *count,
                           varve_scan_schema *schema) {
    *count = 0;
    *schema = varve_scan_schema{};
    schema->struct_size = sizeof *schema;
    const auto predicate = storage::Predicate::compile(request.series);
    if (!predicate.ok()) return predicate.status();
    const Snapshot &snapshot = *reinterpret_cast<Snapshot *>(handle);
    std::lock_guard lock(mutex_);
    const TimeRange range = TimeRange::from_abi(request.from_ns, request.to_ns);
    std::vector<std::shared_ptr<Shard>> shards;
    for (const auto &shard : snapshot.shards) {
        if (shard->rp_id == request.rp_id && shard->overlaps(range)) shards.push_back(shard);
    }
    auto shape = std::make_shared<storage::ScanShape>(
        storage::ScanShape::resolve(request, [&](std::string_view field) {
            uint32_t types = 0;
            for (const auto &shard : shards) {
                types |=
                    shard->schema.visible_types(view(request.measurement), field, snapshot.lsn);
            }
            return types;
        }));
    std::vector<SeriesData> series;
    for (const storage::Series *one :
         snapshot.database->index.of_measurement(view(request.measurement))) {
        if (!predicate->matches(one->parts)) continue;
        SeriesData data = copy_series(*one, snapshot, shards, *shape);
        if (!data.times.empty()) series.push_back(std::move(data));
    }
    const uint32_t wanted = storage::partition_count(request, capacity, series.size());
    std::vector<std::unique_ptr<MemoryPartition>> partitions;
    for (uint32_t i = 0; i < wanted; ++i) {
        std::vector<SeriesData> share;
        for (size_t s = i; s < series.size(); s += wanted) share.push_back(std::move(series[s]));
        partitions.push_back(
            std::make_unique<MemoryPartition>(shape, std::move(share), host_.memory()));
        VARVE_RETURN_IF_ERROR(partitions.back()->charge());
    }
    for (auto &partition : partitions) out[(*count)++] = storage::to_abi(partition.release());
    if (wanted != 0) shape->describe(*schema);
    return {};
}

Storage::PartitionTable MemoryStorage::partition_table() const {
    return storage::partition_functions();
}

Status MemoryStorage::compact(bool) {
    return {};
}

Status MemoryStorage::status(varve_sink out) {
    std::lock_guard lock(mutex_);
    uint64_t shards = 0;
    uint64_t series = 0;
    for (const auto &[id, database] : databases_) {
        shards += database->shards.size();
        series += database->index.live_count();
    }
    const std::string text =
        "{\"engine\":\"memory\",\"databases\":" + std::to_string(databases_.size()) +
        ",\"shards\":" + std::to_string(shards) + ",\"series\":" + std::to_string(series) +
        ",\"size_bytes\":" + std::to_string(size_bytes_) +
        ",\"size_max\":" + std::to_string(size_max_) + ",\"lsn\":" + std::to_string(lsn_) + "}";
    out.append(out.ctx, text.data(), text.size());
    return {};
}

}  // namespace varve::memory
