#include "storage/strata/engine/shard.hpp"

#include <algorithm>
#include <array>

namespace varve::strata {

void Shard::publish() {
    auto made = std::make_shared<Sources>();
    made->segments = segments;
    made->tombstones = tombstones;
    made->columns = &columns;
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

uint64_t Shard::segment_bytes() const {
    uint64_t size_bytes = 0;
    for (const auto &segment : segments) size_bytes += segment->footer().file_size;
    return size_bytes;
}

uint64_t Shard::oldest_memtable_lsn() const {
    if (!frozen.empty()) return frozen.front()->lsn_min();
    return active == nullptr || active->empty() ? UINT64_MAX : active->lsn_min();
}

bool Shard::overlaps(const storage::TimeRange &range) const {
    const auto own = storage::TimeRange::from_abi(identity.from_ns, identity.to_ns);
    return !range.empty() && !own.empty() && range.overlaps(own.first, own.last);
}

bool Shard::covers(uint64_t lsn) const {
    return oldest_memtable_lsn() > lsn &&
           std::all_of(segments.begin(), segments.end(),
                       [&](const auto &segment) { return segment->header().applied_lsn >= lsn; });
}

uint64_t Shard::first_unflushed_lsn() const {
    uint64_t lsn = oldest_memtable_lsn();
    for (const auto &tombstone : tombstones) {
        if (tombstone->lsn > last_saved_tombstone) lsn = std::min(lsn, tombstone->lsn);
    }
    return lsn;
}

namespace {

// The memtable's series among the candidates.
Bitmap series_of(const Memtable &memtable, uint64_t lsn, const Bitmap &candidates) {
    Bitmap found;
    if (candidates.cardinality() < memtable.series_count() / 8) {
        candidates.for_each([&](uint32_t series) {
            const Chunk *first = memtable.chunks(series);
            if (first == nullptr || first->count.load(std::memory_order_acquire) == 0) return;
            if (first->row(0)[1] <= lsn) found.add(series);
        });
        return found;
    }
    found = Bitmap::from(memtable.series(lsn));
    found &= candidates;
    return found;
}

}  // namespace

Bitmap possible_series(const Sources &sources, uint64_t lsn, const Bitmap &candidates) {
    Bitmap found;
    for (const auto &segment : sources.segments) found |= segment->filter() & candidates;
    for (const auto &memtable : sources.memtables) found |= series_of(*memtable, lsn, candidates);
    return found;
}

Status measurements_of(const SeriesIndex &index, const Bitmap &series,
                       std::vector<std::string> &names) {
    varve_schema_request request{};
    request.struct_size = sizeof request;
    const varve_schema_sink sink{
        &names, [](void *ctx, varve_str text, uint32_t) -> int32_t {
            static_cast<std::vector<std::string> *>(ctx)->emplace_back(view(text));
            return VARVE_OK;
        }};
    return index.list_measurements(series, request, sink);
}

Result<bool> has_rows(const std::shared_ptr<const Sources> &sources, uint32_t series,
                      std::string_view measurement, const Column *column,
                      const storage::TimeRange &range, uint64_t lsn, GroupCache &cache) {
    ReadOptions options;
    options.range = range;
    options.lsn = lsn;
    std::vector<const Column *> wanted;
    if (column != nullptr) wanted.push_back(column);
    SeriesReader reader(sources, series, measurement, std::move(wanted), options, cache);
    if (Status status = reader.open(); !status.ok()) return status;
    for (Status status = reader.next();; status = reader.next()) {
        if (status.code() == Code::end) return false;
        if (!status.ok()) return status;
        // The first and the last row of a block exist.
        const bool inside = range.contains(reader.time_min()) || range.contains(reader.time_max());
        if (inside && column == nullptr) return true;
        auto times = reader.times();
        if (!times.ok()) return times.status();
        DecodedColumn values;
        if (column != nullptr) {
            auto read = reader.column(0);
            if (!read.ok()) return read.status();
            values = *read;
        }
        for (uint32_t row = 0; row < reader.row_count(); ++row) {
            if (!range.contains((*times)[row])) continue;
            if (values.validity == nullptr || (values.validity[row / 64] >> (row % 64) & 1) != 0) {
                return true;
            }
        }
    }
}

Result<Bitmap> visible_series(const std::shared_ptr<const Sources> &sources, uint64_t lsn,
                              const Bitmap &candidates, const storage::TimeRange &range,
                              const SeriesIndex &index, Doubt doubt) {
    Bitmap alive;
    Bitmap doubtful;
    for (const auto &segment : sources->segments) {
        const SegmentHeader &header = segment->header();
        if (!range.overlaps(header.time_min, header.time_max)) continue;
        Bitmap here = segment->filter() & candidates;
        Bitmap touched;
        for (const auto &tombstone : sources->tombstones) {
            if (tombstone->lsn <= header.applied_lsn ||
                !tombstone->range.overlaps(header.time_min, header.time_max)) {
                continue;
            }
            if (tombstone->conditions.empty() &&
                tombstone->covers(header.time_min, header.time_max)) {
                here -= tombstone->series;
            } else {
                touched |= tombstone->series;
            }
        }
        const bool inside = range.first <= header.time_min && header.time_max <= range.last;
        if (!inside) touched |= here;
        doubtful |= here & touched;
        alive |= here - touched;
    }
    const bool everything = range.first == INT64_MIN && range.last == INT64_MAX;
    for (const auto &memtable : sources->memtables) {
        Bitmap here = series_of(*memtable, lsn, candidates);
        Bitmap touched;
        for (const auto &tombstone : sources->tombstones) {
            if (tombstone->lsn <= memtable->lsn_min()) continue;
            if (tombstone->lsn > std::min(lsn, memtable->lsn_max()) &&
                tombstone->conditions.empty() && tombstone->covers(INT64_MIN, INT64_MAX)) {
                here -= tombstone->series;
            } else {
                touched |= tombstone->series;
            }
        }
        if (!everything) touched |= here;
        doubtful |= here & touched;
        alive |= here - touched;
    }
    if (doubt == Doubt::count) {
        alive |= doubtful;
        return alive;
    }
    doubtful -= alive;
    GroupCache cache;
    Status status;
    std::string key;
    std::string unescaped;
    doubtful.for_each([&](uint32_t series) {
        if (!status.ok()) return;
        status = index.key_of(series, key);
        if (!status.ok()) return;
        const std::string_view name = series_key::measurement(key, unescaped);
        const auto any = has_rows(sources, series, name, nullptr, range, lsn, cache);
        if (!any.ok()) status = any.status();
        if (any.ok() && *any) alive.add(series);
    });
    if (!status.ok()) return status;
    return alive;
}

namespace {

// The columns of a part that have a value in a row; of two with the same name and type the later
// one counts.
struct Target {
    const Column *column;
    const RowsColumn *source;
    const uint64_t *words;  // its values, where they are as they are stored
};

// True when it is the series' first row in the memtable.
bool put_row(Memtable &memtable, const std::vector<Target> &targets, const Shape *shape,
             const RowsPart &part, uint32_t row, uint32_t series) {
    bool is_new = false;
    uint64_t *words = memtable.reserve(series, shape, part.times[row], is_new);
    words[2] = part.ordinal(row);
    words += 3;
    for (const Target &target : targets) {
        const RowsColumn &source = *target.source;
        if (target.words != nullptr) {
            *words++ = target.words[row];
        } else if (source.type == VARVE_TYPE_STRING) {
            *words++ = memtable.keep_text(view(static_cast<const varve_str *>(source.values)[row]));
        } else {
            *words++ = word_of(source, row);
        }
    }
    memtable.publish();
    return is_new;
}

}  // namespace

// Rows whose memory is asked for at once.
constexpr uint32_t kRowsFetched = 32;

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
        const Target target{
            column, &source,
            is_plain(source) ? static_cast<const uint64_t *>(source.values) : nullptr};
        if (same == targets.end()) {
            targets.push_back(target);
        } else {
            *same = target;
        }
    }
    if (targets.empty()) return;
    const auto shape_of = [&](const std::vector<Target> &some) {
        std::vector<const Column *> columns;
        columns.reserve(some.size());
        for (const Target &target : some) columns.push_back(target.column);
        return memtable.shape(columns);
    };
    const Shape *whole = has_nulls ? nullptr : shape_of(targets);
    std::vector<char> seen(targets.size(), has_nulls ? 0 : 1);
    const auto fetch = [&](uint32_t from) {
        std::array<uint32_t, kRowsFetched> series;
        const uint32_t count = std::min(kRowsFetched, part.row_count - from);
        for (uint32_t i = 0; i < count; ++i) {
            series[i] = part.series[part.key_index[part.row(from + i)]];
        }
        memtable.prefetch(std::span(series).first(count));
    };
    memtable.begin_write(lsn);
    uint64_t row_count = 0;
    for (uint32_t i = 0; i < part.row_count; ++i) {
        if (i % kRowsFetched == 0) fetch(i);
        const uint32_t row = part.row(i);
        const uint32_t series = part.series[part.key_index[row]];
        bool is_new = false;
        if (!has_nulls) {
            is_new = put_row(memtable, targets, whole, part, row, series);
        } else {
            std::vector<Target> valid;
            for (size_t t = 0; t < targets.size(); ++t) {
                const uint64_t *validity = targets[t].source->validity;
                if (validity != nullptr && (validity[row / 64] >> (row % 64) & 1) == 0) continue;
                valid.push_back(targets[t]);
                seen[t] = 1;
            }
            if (valid.empty()) continue;
            is_new = put_row(memtable, valid, shape_of(valid), part, row, series);
        }
        ++row_count;
        // After a delete a series may have a place in the memtable and not be live.
        if ((is_new || !shard.tombstones.empty()) && !database.index.live(series)) {
            database.index.revive(series);
        }
    }
    memtable.end_write(row_count);
    for (size_t t = 0; t < targets.size(); ++t) {
        if (seen[t] == 0 || targets[t].source->known) continue;
        shard.schema.add(part.measurement, targets[t].column->name, targets[t].column->type, lsn);
    }
}

}  // namespace varve::strata
