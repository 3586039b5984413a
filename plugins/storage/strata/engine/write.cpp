// Writes: what is asked for becomes a plan, a frame of the log, and rows in memtables.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

// With so many memtables waiting to be flushed, or this share of the account used, acknowledgements
// are held back, so that senders slow down before anything must be refused.
constexpr size_t kFrozenSoft = 2;
constexpr size_t kFrozenMax = 4;     // with so many writes are refused
constexpr uint64_t kSoftShare = 75;  // per cent
constexpr int64_t kHeldBackMaxNs = 1'000'000'000;

class View final : public storage::PlanView {
  public:
    View(Database &database, uint64_t rp_id) : database_(database), rp_id_(rp_id) {}

    const storage::ShardSchema *schema(uint64_t shard_id) override {
        const Shard *shard = find(shard_id);
        return shard == nullptr ? nullptr : &shard->schema;
    }

    std::optional<uint64_t> integer_at(uint32_t series, std::string_view measurement,
                                       uint64_t shard_id, int64_t time,
                                       std::string_view name) override {
        const Shard *shard = find(shard_id);
        if (shard == nullptr) return std::nullopt;
        GroupCache cache;
        for (const uint32_t type : {VARVE_TYPE_INT64, VARVE_TYPE_UINT64}) {
            const Column *column = shard->columns.find(measurement, name, type);
            if (column == nullptr) continue;
            ReadOptions options;
            options.range = {time, time};
            SeriesReader reader(shard->sources, series, measurement, {column}, options, cache);
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

    uint64_t hash_seed() const override { return database_.hash_seed; }
    void prefetch(std::span<const varve_series_key> keys) override {
        database_.index.prefetch(keys);
    }
    Status find_all(std::span<const varve_series_key> keys, std::span<uint32_t> series,
                    std::span<uint8_t> live) override {
        return database_.index.find_all(keys, series, live);
    }
    Result<uint32_t> make(std::string_view key, const series_key::Hashes &hashes) override {
        return database_.index.make(key, hashes);
    }
    uint64_t live_count() const override { return database_.index.live_count(); }
    uint64_t measurement_series_count(std::string_view measurement) override {
        const auto all = database_.index.select(measurement, nullptr);
        return all.ok() ? database_.index.live_among(*all) : 0;
    }
    uint64_t tag_value_count(std::string_view measurement, std::string_view tag) override {
        return database_.index.tag_value_count(measurement, tag);
    }
    bool has_tag_value(std::string_view measurement, const series_key::Tag &tag) override {
        return database_.index.has_tag_value(measurement, tag.key, tag.value);
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
    if (disk_is_full_) {
        return {Code::resource_exhausted, "the disk has " + std::to_string(free_bytes_) +
                                              " bytes free, free_space_min asks for " +
                                              std::to_string(options_.free_space_min)};
    }
    for (const RowsPart &part : rows.parts) {
        const auto shard = database.shards.find({rows.rp_id, part.shard_id});
        if (shard == database.shards.end() || shard->second->frozen.size() < kFrozenMax) continue;
        wake(true);
        return {Code::unavailable, "shard " + std::to_string(part.shard_id) + " has " +
                                       std::to_string(shard->second->frozen.size()) +
                                       " memtables to be flushed"};
    }
    return admit_memory(rows);
}

Status StrataStorage::admit_memory(const Rows &rows) {
    storage::Charge probe(host_.memory(), write_account_);
    const Status status = probe.add(estimate_bytes(rows));
    if (!status.ok()) wake(true);
    return status;
}

void StrataStorage::apply(Database &database, const Rows &rows, uint64_t lsn) {
    database.last_lsn = std::max(database.last_lsn, lsn);
    const int64_t now_ns = host_.monotonic_ns();
    for (const RowsPart &part : rows.parts) {
        Shard &shard = shard_or_new(database, rows.rp_id, part, lsn);
        // Flushed already, or of an earlier life of the shard.
        if (lsn <= shard.flushed_lsn || lsn < shard.identity.created_lsn) continue;
        ensure_active(shard);
        ShardMemtable &memtable = *shard.active;
        apply_rows(database, shard, part, lsn);
        shard.touched_ns = now_ns;
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
        wake(true);
    }
}

// Whether the rows' shards or the account are so full that senders should slow down.
bool StrataStorage::is_tight(const Database &database, const Rows &rows) const {
    const auto *memory = host_.memory();
    const uint64_t limit =
        memory == nullptr || write_account_ == nullptr ? 0 : memory->limit(write_account_);
    if (limit != 0 && memory->used(write_account_) > limit / 100 * kSoftShare) return true;
    return std::any_of(rows.parts.begin(), rows.parts.end(), [&](const RowsPart &part) {
        const auto shard = database.shards.find({rows.rp_id, part.shard_id});
        return shard != database.shards.end() && shard->second->frozen.size() >= kFrozenSoft;
    });
}

void StrataStorage::hold_back(std::shared_ptr<storage::Outcome> outcome, varve_write_done done,
                              void *ctx) {
    held_back_total_.add();
    {
        std::lock_guard lock(held_back_mutex_);
        held_back_.push_back(
            {host_.monotonic_ns() + kHeldBackMaxNs, std::move(outcome), done, ctx});
    }
    wake(true);
}

// Acknowledges what has waited long enough; `all`: whatever waits.
void StrataStorage::release_held_back(bool all) {
    while (true) {
        HeldBack one;
        {
            std::lock_guard lock(held_back_mutex_);
            if (held_back_.empty()) return;
            if (!all && held_back_.front().until_ns > host_.monotonic_ns()) return;
            one = std::move(held_back_.front());
            held_back_.pop_front();
        }
        one.outcome->deliver(one.done, one.ctx);
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
        auto plan = storage::plan_write(batch, opts, database.limits, plan_view);
        if (!plan.ok()) return plan.status();
        outcome = std::make_shared<storage::Outcome>(std::move(plan->outcome));
        if (outcome->accepted != 0) {
            const Rows rows = rows_of_plan(batch, opts, *plan, database.index);
            VARVE_RETURN_IF_ERROR(admit(database, rows));
            WalEntry entry;
            entry.type = FrameType::rows;
            entry.payload = encode_rows(rows);
            entry.durability = opts.durability;
            entry.interval_ns = opts.interval_ns;
            const bool slow = is_tight(database, rows);
            entry.done = [this, outcome, done, ctx, slow](const Status &status, uint64_t lsn) {
                outcome->lsn = lsn;
                outcome->status = status;
                if (slow && status.ok()) return hold_back(outcome, done, ctx);
                outcome->deliver(done, ctx);
            };
            const auto lsn = wal_->submit(std::move(entry));
            if (!lsn.ok()) return lsn.status();
            apply(database, rows, *lsn);
            written_ns_.store(host_.monotonic_ns(), std::memory_order_relaxed);
            return {};
        }
    }
    outcome->deliver(done, ctx);
    return {};
}

}  // namespace varve::strata
