// Deleting and renaming: marks in the rows, so that open snapshots still see what was there.
#include "storage/common/outcome.hpp"
#include "storage/common/predicate.hpp"
#include "storage/memory/memory_storage.hpp"

namespace varve::memory {

void MemoryStorage::delete_series_rows(Database &, Shard &, SeriesRows &rows,
                                       const varve_delete_request &request) {
    const auto range = storage::TimeRange::from_abi(request.from_ns, request.to_ns);
    if (range.empty()) return;
    for (auto at = rows.rows.lower_bound(range.first);
         at != rows.rows.end() && range.contains(at->first); ++at) {
        const Row row = visible_row(at->second, lsn_);
        if (row.empty() || !meets(row, request.conditions, request.condition_count)) continue;
        at->second.push_back({lsn_, 0, nullptr, {}});
    }
}

void MemoryStorage::settle(Database &database, Shard &shard) {
    std::map<std::string_view, bool> alive;
    for (auto at = shard.series.begin(); at != shard.series.end();) {
        SeriesRows &rows = at->second;
        if (open_snapshots_ == 0) {
            std::erase_if(rows.rows, [&](auto &entry) {
                if (!visible_row(entry.second, lsn_).empty()) return false;
                for (const Cell &cell : entry.second) {
                    if (cell.column != nullptr)
                        size_bytes_ -= sizeof(Cell) + cell.value.text.size();
                }
                return true;
            });
        }
        const bool live = rows.visible(lsn_, storage::TimeRange{});
        alive[rows.series->measurement()] |= live;
        if (rows.live && !live) database.index.release(*rows.series);
        rows.live = live;
        at = rows.rows.empty() ? shard.series.erase(at) : std::next(at);
    }
    for (const std::string &measurement : shard.schema.measurements()) {
        const auto found = alive.find(measurement);
        if (found == alive.end() || !found->second) shard.schema.remove(measurement, lsn_);
    }
}

Status MemoryStorage::delete_rows(const varve_delete_request &request, varve_write_done done,
                                  void *ctx) {
    const auto predicate = storage::Predicate::compile(request.series);
    if (!predicate.ok()) return predicate.status();
    storage::Outcome outcome;
    {
        std::lock_guard lock(mutex_);
        auto found = database(request.db_id);
        if (!found.ok()) return found.status();
        outcome.lsn = ++lsn_;
        const std::string_view measurement = view(request.measurement);
        for (auto &[key, shard] : (*found)->shards) {
            if (request.rp_id != 0 && key.first != request.rp_id) continue;
            for (auto &[id, rows] : shard->series) {
                if (!measurement.empty() && rows.series->measurement() != measurement) continue;
                if (!predicate->matches(rows.series->parts)) continue;
                delete_series_rows(**found, *shard, rows, request);
            }
            settle(**found, *shard);
        }
    }
    outcome.deliver(done, ctx);
    return {};
}

Status MemoryStorage::measurement_rename(uint64_t db_id, std::string_view from, std::string_view to,
                                         varve_write_done done, void *ctx) {
    storage::Outcome outcome;
    {
        std::lock_guard lock(mutex_);
        auto found = database(db_id);
        if (!found.ok()) return found.status();
        Database &database = **found;
        bool exists = false;
        for (const storage::Series *series : database.index.of_measurement(from)) {
            exists = exists || series->live();
        }
        if (!exists) return {Code::not_found, "measurement not found: " + std::string(from)};
        for (const storage::Series *series : database.index.of_measurement(to)) {
            if (series->live()) {
                return {Code::already_exists, "measurement already exists: " + std::string(to)};
            }
        }
        std::map<uint32_t, storage::Series *> renamed;
        for (const storage::Series *series : database.index.of_measurement(from)) {
            std::string key;
            std::vector<series_key::Tag> tags = series->parts.tags;
            VARVE_RETURN_IF_ERROR(series_key::append(to, tags, key));
            auto made =
                database.index.intern(key, series_key::hash(key, database.index.hash_seed()));
            if (!made.ok()) return made.status();
            renamed[series->id] = *made;
        }
        const uint64_t before = lsn_;
        outcome.lsn = ++lsn_;
        for (auto &[shard_key, shard] : database.shards) {
            std::vector<std::pair<std::string, uint32_t>> fields;
            shard->schema.visible_fields(from, before, [&](std::string_view field, uint32_t type) {
                fields.emplace_back(field, type);
            });
            for (const auto &[field, type] : fields) shard->schema.add(to, field, type, lsn_);
            for (const auto &[old_id, series] : renamed) {
                const auto old = shard->series.find(old_id);
                if (old == shard->series.end()) continue;
                SeriesRows &old_rows = old->second;  // stays where it is when `put` adds
                for (auto &[time, cells] : old_rows.rows) {
                    for (const auto &[column, value] : visible_row(cells, before)) {
                        put(database, *shard, *series, time, {lsn_, 0, column, *value});
                    }
                    cells.push_back({lsn_, 0, nullptr, {}});
                }
            }
            settle(database, *shard);
        }
    }
    outcome.deliver(done, ctx);
    return {};
}

}  // namespace varve::memory
