#include "storage/strata/engine/shard.hpp"

#include <algorithm>

namespace varve::strata {

void Shard::publish() {
    auto made = std::make_shared<Sources>();
    made->segments = segments;
    made->memtables.assign(frozen.begin(), frozen.end());
    if (active != nullptr) made->memtables.push_back(active);
    sources = std::move(made);
}

void Shard::freeze() {
    if (active == nullptr || active->empty()) return;
    frozen.push_back(std::move(active));
    active = nullptr;
    publish();
}

uint64_t Shard::memory_bytes() const {
    uint64_t size_bytes = active == nullptr ? 0 : active->size_bytes();
    for (const auto &memtable : frozen) size_bytes += memtable->size_bytes();
    return size_bytes;
}

uint64_t Shard::first_unflushed_lsn() const {
    if (!frozen.empty()) return frozen.front()->lsn_min();
    return active == nullptr || active->empty() ? UINT64_MAX : active->lsn_min();
}

void Shard::add(uint32_t series, uint64_t lsn) {
    std::unique_lock lock(mutex_);
    if (series >= since_.size()) {
        since_.resize(std::max<size_t>(series + 1, since_.size() * 2), 0);
    }
    if (since_[series] == 0) since_[series] = lsn;
}

std::vector<uint32_t> Shard::visible(uint64_t lsn) const {
    std::shared_lock lock(mutex_);
    std::vector<uint32_t> found;
    for (uint32_t series = 0; series < since_.size(); ++series) {
        if (since_[series] != 0 && since_[series] <= lsn) found.push_back(series);
    }
    return found;
}

bool Shard::is_visible(uint32_t series, uint64_t lsn) const {
    std::shared_lock lock(mutex_);
    return series < since_.size() && since_[series] != 0 && since_[series] <= lsn;
}

namespace {

// The columns of a part that have a value in a row; of two with the same name and type the later
// one counts.
struct Target {
    const Column *column;
    const RowsColumn *source;
};

void put_row(Memtable &memtable, const std::vector<Target> &targets, const Shape *shape,
             const RowsPart &part, uint32_t row, uint32_t series, uint64_t lsn) {
    uint64_t *words = memtable.reserve(series, shape, part.times[row], lsn);
    words[2] = part.ordinal(row);
    words += 3;
    for (const Target &target : targets) {
        const RowsColumn &source = *target.source;
        *words++ =
            source.type == VARVE_TYPE_STRING
                ? memtable.keep_text(view(static_cast<const varve_str *>(source.values)[row]))
                : word_of(source, row);
    }
    memtable.publish(series);
}

}  // namespace

void apply_rows(Database &database, Shard &shard, const RowsPart &part, uint64_t lsn) {
    Memtable &memtable = *shard.active;
    std::vector<Target> targets;
    bool has_nulls = false;
    for (const RowsColumn &source : part.columns) {
        const Column *column = shard.columns.intern(part.measurement, source.name, source.type);
        has_nulls = has_nulls || source.validity != nullptr;
        const auto same = std::find_if(targets.begin(), targets.end(), [&](const Target &target) {
            return target.column == column;
        });
        if (same == targets.end()) {
            targets.push_back({column, &source});
        } else {
            same->source = &source;
        }
    }
    const auto shape_of = [&](const std::vector<Target> &some) {
        std::vector<const Column *> columns;
        columns.reserve(some.size());
        for (const Target &target : some) columns.push_back(target.column);
        return memtable.shape(columns);
    };
    const Shape *whole = has_nulls ? nullptr : shape_of(targets);
    std::vector<char> seen(targets.size(), has_nulls ? 0 : 1);
    for (uint32_t i = 0; i < part.row_count; ++i) {
        const uint32_t row = part.row(i);
        storage::Series &series = *part.series[part.key_index[row]];
        if (!has_nulls) {
            put_row(memtable, targets, whole, part, row, series.id, lsn);
        } else {
            std::vector<Target> valid;
            for (size_t t = 0; t < targets.size(); ++t) {
                const uint64_t *validity = targets[t].source->validity;
                if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0) continue;
                valid.push_back(targets[t]);
                seen[t] = 1;
            }
            if (valid.empty()) continue;
            put_row(memtable, valid, shape_of(valid), part, row, series.id, lsn);
        }
        if (shard.has(series.id)) continue;
        shard.add(series.id, lsn);
        database.index.acquire(series);
    }
    for (size_t t = 0; t < targets.size(); ++t) {
        if (seen[t] == 0) continue;
        shard.schema.add(part.measurement, targets[t].column->name, targets[t].column->type, lsn);
    }
}

}  // namespace varve::strata
