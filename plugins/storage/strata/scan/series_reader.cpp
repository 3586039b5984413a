#include "storage/strata/scan/series_reader.hpp"

#include <algorithm>

namespace varve::strata {
namespace {

constexpr size_t kMovesPerEntry = 4;  // where more are needed, std::sort is quicker
constexpr size_t kRowsAhead = 16;     // of a chunk, to be fetched

}  // namespace

SeriesReader::SeriesReader(std::shared_ptr<const Sources> sources, uint32_t series,
                           std::string_view measurement, std::vector<const Column *> wanted,
                           const ReadOptions &options, GroupCache &cache)
    : sources_(std::move(sources)),
      series_(series),
      measurement_(measurement),
      wanted_(std::move(wanted)),
      options_(options),
      cache_(cache) {}

Status SeriesReader::open() {
    for (const auto &tombstone : sources_->tombstones) {
        if (!tombstone->series.contains(series_)) continue;
        if (!options_.range.overlaps(tombstone->range.first, tombstone->range.last)) continue;
        tombstones_.push_back(tombstone.get());
        conditional_ = conditional_ || !tombstone->conditions.empty();
    }
    VARVE_RETURN_IF_ERROR(collect_groups());
    collect_memtables();
    return build_clusters();
}

Status SeriesReader::reopen(uint32_t series, std::string_view measurement,
                            std::vector<const Column *> wanted) {
    series_ = series;
    measurement_ = measurement;
    wanted_ = std::move(wanted);
    tombstones_.clear();
    conditional_ = false;
    groups_.clear();
    chunks_.clear();
    memory_rows_.clear();
    clusters_.clear();
    next_cluster_ = 0;
    cluster_ = nullptr;
    walked_ = nullptr;
    direct_ = nullptr;
    return open();
}

// Moves back what is too late: rows of several writers and blocks that overlap at their ends are
// nearly in order.
void SeriesReader::sort(std::vector<Entry> &entries) {
    size_t moves_left = entries.size() * kMovesPerEntry;
    for (size_t i = 1; i < entries.size(); ++i) {
        if (!(entries[i] < entries[i - 1])) continue;
        const Entry late = entries[i];
        size_t at = i;
        do {
            entries[at] = entries[at - 1];
            --at;
            --moves_left;
        } while (at != 0 && late < entries[at - 1] && moves_left != 0);
        entries[at] = late;
        if (moves_left == 0) return std::sort(entries.begin(), entries.end());
    }
}

bool SeriesReader::has_wanted(const std::vector<const Column *> &columns) const {
    if (wanted_.empty() || conditional_) return true;
    return std::any_of(columns.begin(), columns.end(), [&](const Column *column) {
        return std::find(wanted_.begin(), wanted_.end(), column) != wanted_.end();
    });
}

bool SeriesReader::has_wanted(const DecodedGroup &group) const {
    if (wanted_.empty() || conditional_) return true;
    return std::any_of(wanted_.begin(), wanted_.end(), [&](const Column *column) {
        return column != nullptr && group.has(column);
    });
}

SeriesReader::Effect SeriesReader::effect(uint64_t lsn, int64_t time_min, int64_t time_max) const {
    Effect found = Effect::none;
    for (const Tombstone *tombstone : tombstones_) {
        if (tombstone->lsn <= lsn || !tombstone->range.overlaps(time_min, time_max)) continue;
        if (tombstone->conditions.empty() && tombstone->covers(time_min, time_max)) {
            return Effect::all;
        }
        found = Effect::some;
    }
    return found;
}

Status SeriesReader::collect_groups() {
    std::vector<std::shared_ptr<DecodedGroup>> found;
    for (const auto &segment : sources_->segments) {
        const SegmentHeader &header = segment->header();
        if (!options_.range.overlaps(header.time_min, header.time_max)) continue;
        found.clear();
        VARVE_RETURN_IF_ERROR(cache_.groups_of(segment, series_, measurement_, found));
        for (auto &group : found) {
            const GroupEntry &entry = group->entry();
            if (!options_.range.overlaps(entry.time_min, entry.time_max)) continue;
            if (has_wanted(*group)) groups_.push_back(std::move(group));
        }
    }
    return {};
}

void SeriesReader::collect_memtables() {
    only_shape_ = nullptr;
    bool same_shape = true;
    for (const auto &memtable : sources_->memtables) {
        for (const Chunk *chunk = memtable->chunks(series_); chunk != nullptr;
             chunk = chunk->next.load(std::memory_order_acquire)) {
            // Each chunk lies somewhere else, its first rows usually behind it.
            if (const auto *next = chunk->next.load(std::memory_order_relaxed)) {
                __builtin_prefetch(next);
                __builtin_prefetch(next + 1);
            }
            if (chunk->shape != only_shape_ && !has_wanted(chunk->shape->columns)) continue;
            const uint32_t count = chunk->count.load(std::memory_order_acquire);
            if (!options_.range.overlaps(chunk->time_min.load(std::memory_order_relaxed),
                                         chunk->time_max.load(std::memory_order_relaxed))) {
                continue;
            }
            if (chunks_.empty()) only_shape_ = chunk->shape;
            same_shape = same_shape && chunk->shape == only_shape_;
            collect_chunk(*chunk, count);
        }
    }
    if (!same_shape) only_shape_ = nullptr;
    sort(memory_rows_);
}

void SeriesReader::collect_chunk(const Chunk &chunk, uint32_t count) {
    const auto source = static_cast<uint32_t>(chunks_.size());
    chunks_.push_back(&chunk);
    const uint32_t words = chunk.shape->words();
    const uint64_t *row = chunk.rows;
    for (uint32_t i = 0; i < count; ++i, row += words) {
        __builtin_prefetch(row + kRowsAhead * words);
        const auto time = static_cast<int64_t>(row[0]);
        if (row[1] > options_.lsn || !options_.range.contains(time)) continue;
        if (!tombstones_.empty() && effect(row[1], time, time) == Effect::all) continue;
        memory_rows_.push_back({time, row[1], static_cast<uint32_t>(row[2]), source, i});
    }
}

// Appends the group's blocks of this series.
Status SeriesReader::split(uint32_t group, std::vector<Piece> &pieces) {
    const uint64_t lsn = groups_[group]->segment().header().applied_lsn;
    const auto blocks = groups_[group]->blocks_of(series_);
    if (!blocks.ok()) return blocks.status();
    for (uint32_t i = blocks->first; i < blocks->second; ++i) {
        const auto block = groups_[group]->block(i);
        if (!block.ok()) return block.status();
        if (!options_.range.overlaps(block->time_min, block->time_max)) continue;
        const Effect hidden = effect(lsn, block->time_min, block->time_max);
        if (hidden == Effect::all) continue;
        pieces.push_back({group, i, block->row_from, block->row_count, block->time_min,
                          block->time_max, hidden == Effect::some});
    }
    return {};
}

// The groups as pieces, whole where nothing overlaps them.
Status SeriesReader::make_pieces(std::vector<Piece> &pieces) {
    std::vector<Piece> whole;
    for (uint32_t g = 0; g < groups_.size(); ++g) {
        const GroupEntry &entry = groups_[g]->entry();
        if (entry.packed) {
            VARVE_RETURN_IF_ERROR(split(g, pieces));
            continue;
        }
        const Effect hidden =
            effect(groups_[g]->segment().header().applied_lsn, entry.time_min, entry.time_max);
        if (hidden == Effect::all) continue;
        whole.push_back({g, kWhole, 0, entry.row_count, entry.time_min, entry.time_max,
                         hidden == Effect::some});
    }
    // What already lies there in order of time: ends of everything else, to find overlaps.
    std::vector<std::pair<int64_t, int64_t>> spans;
    spans.reserve(pieces.size() + whole.size());
    for (const Piece &piece : pieces) spans.emplace_back(piece.time_min, piece.time_max);
    for (const Piece &piece : whole) spans.emplace_back(piece.time_min, piece.time_max);
    std::sort(spans.begin(), spans.end());
    std::vector<int64_t> highest;  // time_max of all spans up to here
    highest.reserve(spans.size());
    for (const auto &[low, high] : spans) {
        highest.push_back(highest.empty() ? high : std::max(highest.back(), high));
    }
    for (const Piece &piece : whole) {
        const auto at = std::lower_bound(spans.begin(), spans.end(),
                                         std::make_pair(piece.time_min, piece.time_max)) -
                        spans.begin();
        const auto place = static_cast<size_t>(at);
        bool alone = !piece.merge && (place == 0 || highest[place - 1] < piece.time_min) &&
                     (place + 1 == spans.size() || spans[place + 1].first > piece.time_max);
        const auto row =
            std::lower_bound(memory_rows_.begin(), memory_rows_.end(), piece.time_min,
                             [](const Entry &entry, int64_t time) { return entry.time < time; });
        alone = alone && (row == memory_rows_.end() || row->time > piece.time_max);
        if (alone) {
            pieces.push_back(piece);
        } else {
            VARVE_RETURN_IF_ERROR(split(piece.group, pieces));
        }
    }
    std::sort(pieces.begin(), pieces.end(),
              [](const Piece &a, const Piece &b) { return a.time_min < b.time_min; });
    return {};
}

Status SeriesReader::build_clusters() {
    std::vector<Piece> pieces;
    VARVE_RETURN_IF_ERROR(make_pieces(pieces));
    std::vector<Cluster> of_pieces;
    for (const Piece &piece : pieces) {
        if (of_pieces.empty() || piece.time_min > of_pieces.back().time_max) {
            of_pieces.push_back({{}, 0, 0, piece.time_min, piece.time_max, false});
        }
        Cluster &cluster = of_pieces.back();
        cluster.pieces.push_back(piece);
        cluster.time_max = std::max(cluster.time_max, piece.time_max);
        cluster.merge = piece.merge || cluster.pieces.size() > 1;
    }
    size_t at = 0;
    const auto alone = [&](size_t to) {
        if (to > at) clusters_.push_back({{}, at, to, 0, 0, true});
        at = to;
    };
    const auto begin = memory_rows_.begin();
    for (Cluster &cluster : of_pieces) {
        const auto first =
            std::lower_bound(begin + static_cast<int64_t>(at), memory_rows_.end(), cluster.time_min,
                             [](const Entry &entry, int64_t time) { return entry.time < time; });
        const auto last =
            std::upper_bound(first, memory_rows_.end(), cluster.time_max,
                             [](int64_t time, const Entry &entry) { return time < entry.time; });
        alone(static_cast<size_t>(first - begin));
        cluster.entry_from = static_cast<size_t>(first - begin);
        cluster.entry_to = at = static_cast<size_t>(last - begin);
        cluster.merge = cluster.merge || first != last;
        clusters_.push_back(std::move(cluster));
    }
    alone(memory_rows_.size());
    if (options_.descending) std::reverse(clusters_.begin(), clusters_.end());
    return {};
}

std::vector<const Column *> SeriesReader::all_columns() const {
    std::vector<const Column *> columns;
    for (const auto &group : groups_) {
        for (const uint32_t position : group->segment().shape(group->entry().shape)) {
            columns.push_back(group->segment().columns()[position]);
        }
    }
    const Shape *before = nullptr;
    for (const Chunk *chunk : chunks_) {
        if (chunk->shape == before) continue;
        before = chunk->shape;
        columns.insert(columns.end(), before->columns.begin(), before->columns.end());
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    return columns;
}

// The next block of a group that is handed out as it is; false when none is left.
bool SeriesReader::next_of_group() {
    if (walked_ == nullptr || blocks_left_from_ == blocks_left_to_) {
        if (walked_ != nullptr) walked_->forget();
        walked_ = nullptr;
        return false;
    }
    piece_.block = options_.descending ? --blocks_left_to_ : blocks_left_from_++;
    return true;
}

// Gives the memory of groups back that no later cluster needs.
void SeriesReader::leave_cluster() {
    for (const Piece &piece : cluster_->pieces) {
        DecodedGroup &group = *groups_[piece.group];
        const GroupEntry &entry = group.entry();
        const bool done = options_.descending ? entry.time_min >= cluster_->time_min
                                              : entry.time_max <= cluster_->time_max;
        if (done && !entry.packed) group.forget();
    }
    cluster_ = nullptr;
}

Status SeriesReader::next() {
    block_arena_.rewind();
    times_ = nullptr;
    direct_ = nullptr;
    has_stats_ = false;
    while (true) {
        if (cluster_ != nullptr && rows_left_from_ < rows_left_to_) {
            next_merged();
            return {};
        }
        if (cluster_ != nullptr) leave_cluster();
        if (next_of_group()) {
            const auto block = walked_->block(piece_.block);
            if (!block.ok()) return block.status();
            if (!options_.range.overlaps(block->time_min, block->time_max)) continue;
            return next_direct({piece_.group, piece_.block, block->row_from, block->row_count,
                                block->time_min, block->time_max, false});
        }
        if (next_cluster_ == clusters_.size()) return {Code::end, ""};
        const Cluster &cluster = clusters_[next_cluster_++];
        if (cluster.merge) {
            cluster_ = &cluster;
            VARVE_RETURN_IF_ERROR(open_cluster());
        } else if (cluster.pieces.front().block == kWhole) {
            piece_ = cluster.pieces.front();
            walked_ = groups_[piece_.group].get();
            blocks_left_from_ = 0;
            blocks_left_to_ = walked_->entry().block_count;
        } else {
            return next_direct(cluster.pieces.front());
        }
    }
}

Status SeriesReader::next_direct(const Piece &piece) {
    piece_ = piece;
    direct_ = groups_[piece.group].get();
    row_count_ = piece.row_count;
    time_min_ = piece.time_min;
    time_max_ = piece.time_max;
    return {};
}

Result<const varve_block_stats *> SeriesReader::stats() {
    const varve_block_stats *none = nullptr;
    if (direct_ == nullptr || direct_->entry().stats.size == 0) return none;
    if (has_stats_) return stats_.data();
    stats_.assign(wanted_.size(), varve_block_stats{});
    for (size_t i = 0; i < wanted_.size(); ++i) {
        if (wanted_[i] == nullptr) continue;
        auto one = direct_->stats(wanted_[i], piece_.block);
        if (!one.ok()) return one.status();
        stats_[i] = *one;
    }
    has_stats_ = true;
    return stats_.data();
}

Status SeriesReader::open_cluster() {
    entries_.clear();
    if (cluster_->entry_to - cluster_->entry_from == memory_rows_.size()) {
        entries_.swap(memory_rows_);  // no other cluster has any
    } else {
        entries_.assign(memory_rows_.begin() + static_cast<int64_t>(cluster_->entry_from),
                        memory_rows_.begin() + static_cast<int64_t>(cluster_->entry_to));
    }
    for (const Piece &piece : cluster_->pieces) {
        const SegmentHeader &header = groups_[piece.group]->segment().header();
        auto times = groups_[piece.group]->times();
        if (!times.ok()) return times.status();
        const auto source = static_cast<uint32_t>(chunks_.size()) + piece.group;
        for (uint32_t row = piece.row_from; row < piece.row_from + piece.row_count; ++row) {
            const int64_t time = (*times)[row];
            if (!options_.range.contains(time)) continue;
            if (piece.merge && effect(header.applied_lsn, time, time) == Effect::all) continue;
            entries_.push_back({time, header.lsn_max, 0, source, row});
        }
    }
    if (!cluster_->pieces.empty()) sort(entries_);
    if (conditional_) VARVE_RETURN_IF_ERROR(hide_by_conditions());
    uniform_ = only_shape_ != nullptr && cluster_->pieces.empty();
    rows_.clear();
    rows_.reserve(entries_.size() + 1);
    for (size_t i = 0; i < entries_.size(); ++i) {
        if (i == 0 || entries_[i].time != entries_[i - 1].time) rows_.push_back(i);
    }
    rows_left_from_ = 0;
    rows_left_to_ = rows_.size();
    rows_.push_back(entries_.size());
    return {};
}

// Takes out the entries of rows that met a delete's conditions when it came.
Status SeriesReader::hide_by_conditions() {
    std::vector<Entry> kept;
    std::vector<Entry> row;
    for (size_t from = 0, to = 0; from < entries_.size(); from = to) {
        while (to < entries_.size() && entries_[to].time == entries_[from].time) ++to;
        row.assign(entries_.begin() + static_cast<int64_t>(from),
                   entries_.begin() + static_cast<int64_t>(to));
        for (const Tombstone *tombstone : tombstones_) {
            if (tombstone->conditions.empty() || row.empty() ||
                !tombstone->range.contains(row.front().time)) {
                continue;
            }
            const auto older = std::partition_point(
                row.begin(), row.end(), [&](const Entry &e) { return e.lsn < tombstone->lsn; });
            bool all_met = older != row.begin();
            for (const RowCondition &condition : tombstone->conditions) {
                bool met = false;
                for (uint32_t type = VARVE_TYPE_FLOAT64; type <= VARVE_TYPE_BOOLEAN; ++type) {
                    const Column *column =
                        sources_->columns->find(measurement_, condition.column, type);
                    if (column == nullptr || met) continue;
                    Probe probe{column};
                    for (auto entry = older; entry != row.begin();) {
                        uint64_t word = 0;
                        --entry;
                        if (entry->source != probe.source) {
                            VARVE_RETURN_IF_ERROR(bind(entry->source, probe));
                        }
                        if (!value_of(entry->row, probe, word)) continue;
                        storage::TypedValue value{type, word, {}};
                        if (type == VARVE_TYPE_STRING) {
                            value = {type, 0, view(*reinterpret_cast<varve_str *>(word))};
                        }
                        met = condition.met(value);
                        break;
                    }
                }
                all_met = all_met && met;
            }
            if (all_met) row.erase(row.begin(), older);
        }
        kept.insert(kept.end(), row.begin(), row.end());
    }
    entries_ = std::move(kept);
    return {};
}

void SeriesReader::next_merged() {
    const size_t count = std::min<size_t>(VARVE_BLOCK_ROWS_MAX, rows_left_to_ - rows_left_from_);
    if (options_.descending) {
        row_from_ = rows_left_to_ -= count;
    } else {
        row_from_ = rows_left_from_;
        rows_left_from_ += count;
    }
    row_count_ = static_cast<uint32_t>(count);
    time_min_ = entries_[rows_[row_from_]].time;
    time_max_ = entries_[rows_[row_from_ + count - 1]].time;
}

Result<const int64_t *> SeriesReader::times() {
    if (times_ != nullptr) return times_;
    if (direct_ != nullptr) {
        auto read = direct_->times();
        if (!read.ok()) return read;
        const DecodedColumn part =
            slice({*read, nullptr}, VARVE_TYPE_INT64, piece_.row_from, row_count_, block_arena_);
        times_ = static_cast<const int64_t *>(part.values);
        return times_;
    }
    auto *times = static_cast<int64_t *>(
        block_arena_.allocate(sizeof(int64_t) * row_count_, kColumnAlignment));
    for (uint32_t i = 0; i < row_count_; ++i) times[i] = entries_[rows_[row_from_ + i]].time;
    times_ = times;
    return times_;
}

DecodedColumn SeriesReader::no_values() {
    const size_t width = sizeof(varve_str) * row_count_;
    void *values = block_arena_.allocate(width, kColumnAlignment);
    std::memset(values, 0, width);
    const size_t words = (row_count_ + 63) / 64;
    auto *validity = static_cast<uint64_t *>(block_arena_.allocate(8 * words, kColumnAlignment));
    std::memset(validity, 0, 8 * words);
    return DecodedColumn{values, validity};
}

Result<DecodedColumn> SeriesReader::column(uint32_t position) {
    const Column *column = wanted_[position];
    if (column == nullptr) return no_values();
    if (direct_ == nullptr) return merged_column(position);
    auto read = direct_->column(column);
    if (!read.ok()) return read.status();
    if (!*read) return no_values();
    return slice(**read, column->type, piece_.row_from, row_count_, block_arena_);
}

// Turns the probe to another source.
Status SeriesReader::bind(uint32_t source, Probe &probe) {
    probe.source = source;
    probe.chunk = source < chunks_.size() ? chunks_[source] : nullptr;
    if (probe.chunk != nullptr) {
        probe.offset = probe.chunk->shape->offset_of(probe.column);
        return {};
    }
    auto read = groups_[source - chunks_.size()]->column(probe.column);
    if (!read.ok()) return read.status();
    probe.values = *read;
    return {};
}

// The value of a row of the probe's source: its bits, or for strings the address of a varve_str.
bool SeriesReader::value_of(uint32_t row, const Probe &probe, uint64_t &word) {
    const uint32_t type = probe.column->type;
    if (probe.chunk != nullptr) {
        if (probe.offset < 0) return false;
        word = probe.chunk->row(row)[probe.offset];
        if (type == VARVE_TYPE_STRING) {
            auto *text = static_cast<varve_str *>(block_arena_.allocate(sizeof(varve_str)));
            *text = str(Memtable::text_of(word));
            word = reinterpret_cast<uint64_t>(text);
        }
        return true;
    }
    if (!probe.values) return false;
    const DecodedColumn &values = *probe.values;
    if (values.validity != nullptr && (values.validity[row / 64] >> (row % 64) & 1) == 0) {
        return false;
    }
    if (type == VARVE_TYPE_STRING) {
        word = reinterpret_cast<uint64_t>(static_cast<const varve_str *>(values.values) + row);
    } else if (type == VARVE_TYPE_BOOLEAN) {
        word = static_cast<const uint8_t *>(values.values)[row];
    } else {
        word = static_cast<const uint64_t *>(values.values)[row];
    }
    return true;
}

// One word per row, as value_of gives it.
Status SeriesReader::fill_merged(const Column *column, uint64_t *words, uint64_t *validity,
                                 bool &all_valid) {
    Probe probe{column};
    for (uint32_t i = 0; i < row_count_; ++i) {
        const size_t from = rows_[row_from_ + i];
        size_t at = rows_[row_from_ + i + 1];
        bool found = false;
        while (!found && at > from) {
            const Entry &entry = entries_[--at];
            if (entry.source != probe.source) VARVE_RETURN_IF_ERROR(bind(entry.source, probe));
            found = value_of(entry.row, probe, words[i]);
        }
        if (found) {
            validity[i / 64] |= uint64_t{1} << (i % 64);
        } else {
            words[i] = 0;
            all_valid = false;
        }
    }
    return {};
}

// A column of rows whose newest entries have every value.
DecodedColumn SeriesReader::uniform_column(const Column *column) {
    const int64_t found = only_shape_->offset_of(column);
    if (found < 0) return no_values();
    const auto offset = static_cast<size_t>(found);
    const size_t words = only_shape_->words();
    const auto gather = [&](auto convert) -> DecodedColumn {
        using Value = decltype(convert(uint64_t{}));
        auto *values = static_cast<Value *>(
            block_arena_.allocate(sizeof(Value) * row_count_, kColumnAlignment));
        const size_t *ends = rows_.data() + row_from_ + 1;
        for (uint32_t i = 0; i < row_count_; ++i) {
            const Entry &newest = entries_[ends[i] - 1];
            values[i] = convert(chunks_[newest.source]->rows[newest.row * words + offset]);
        }
        return {values, nullptr};
    };
    switch (column->type) {
        case VARVE_TYPE_STRING:
            return gather([](uint64_t word) { return str(Memtable::text_of(word)); });
        case VARVE_TYPE_BOOLEAN:
            return gather([](uint64_t word) { return static_cast<uint8_t>(word); });
        default:
            return gather([](uint64_t word) { return word; });
    }
}

Result<DecodedColumn> SeriesReader::merged_column(uint32_t position) {
    if (uniform_) return uniform_column(wanted_[position]);
    auto *words = static_cast<uint64_t *>(block_arena_.allocate(8 * row_count_, kColumnAlignment));
    const size_t bitmap = (row_count_ + 63) / 64 * 8;
    auto *validity = static_cast<uint64_t *>(block_arena_.allocate(bitmap, kColumnAlignment));
    std::memset(validity, 0, bitmap);
    bool all_valid = true;
    const Status status = fill_merged(wanted_[position], words, validity, all_valid);
    if (!status.ok()) return status;
    DecodedColumn column{words, all_valid ? nullptr : validity};
    const uint32_t type = wanted_[position]->type;
    if (type == VARVE_TYPE_BOOLEAN) {
        auto *bytes = static_cast<uint8_t *>(block_arena_.allocate(row_count_, kColumnAlignment));
        for (uint32_t i = 0; i < row_count_; ++i) bytes[i] = static_cast<uint8_t>(words[i]);
        column.values = bytes;
    } else if (type == VARVE_TYPE_STRING) {
        auto *texts = static_cast<varve_str *>(
            block_arena_.allocate(sizeof(varve_str) * row_count_, kColumnAlignment));
        for (uint32_t i = 0; i < row_count_; ++i) {
            texts[i] = words[i] == 0 ? varve_str{} : *reinterpret_cast<varve_str *>(words[i]);
        }
        column.values = texts;
    }
    return column;
}

Status SeriesReader::read_block(BlockRows &rows) {
    rows.row_count = row_count_;
    rows.columns = wanted_;
    rows.values.clear();
    auto read = times();
    if (!read.ok()) return read.status();
    rows.times = *read;
    for (uint32_t i = 0; i < wanted_.size(); ++i) {
        auto values = column(i);
        if (!values.ok()) return values.status();
        varve_column &out = rows.values.emplace_back();
        out.type = wanted_[i]->type;
        out.values = values->values;
        out.validity = values->validity;
    }
    return {};
}

uint64_t SeriesReader::size_bytes() const {
    uint64_t size_bytes =
        block_arena_.size_bytes() + sizeof(Entry) * (memory_rows_.capacity() + entries_.capacity());
    for (const auto &group : groups_) size_bytes += group->size_bytes();
    return size_bytes;
}

}  // namespace varve::strata
