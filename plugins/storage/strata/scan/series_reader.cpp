#include "storage/strata/scan/series_reader.hpp"

#include <algorithm>
#include <set>

namespace varve::strata {

SeriesReader::SeriesReader(std::shared_ptr<const Sources> sources, uint32_t series,
                           std::vector<const Column *> wanted, const ReadOptions &options)
    : sources_(std::move(sources)),
      series_(series),
      wanted_(std::move(wanted)),
      options_(options) {}

Status SeriesReader::open() {
    VARVE_RETURN_IF_ERROR(collect_segments());
    collect_memtables();
    build_clusters();
    return {};
}

bool SeriesReader::has_wanted(const std::vector<const Column *> &columns) const {
    if (wanted_.empty()) return true;
    for (const Column *column : columns) {
        if (std::find(wanted_.begin(), wanted_.end(), column) != wanted_.end()) return true;
    }
    return false;
}

bool SeriesReader::has_wanted(const Segment &segment, const BlockEntry &block) const {
    if (wanted_.empty()) return true;
    for (const ChunkEntry &chunk : block.chunks) {
        const Column *column = segment.columns()[chunk.column];
        if (std::find(wanted_.begin(), wanted_.end(), column) != wanted_.end()) return true;
    }
    return false;
}

Status SeriesReader::collect_segments() {
    std::vector<BlockEntry> entries;
    for (const auto &segment : sources_->segments) {
        const Segment::SeriesKeys *keys = segment->find(series_);
        if (keys == nullptr) continue;
        if (!options_.range.overlaps(keys->entry.time_min, keys->entry.time_max)) continue;
        VARVE_RETURN_IF_ERROR(segment->blocks(*keys, entries));
        for (BlockEntry &entry : entries) {
            if (!options_.range.overlaps(entry.header.time_min, entry.header.time_max)) continue;
            if (has_wanted(*segment, entry)) blocks_.push_back({segment.get(), std::move(entry)});
        }
    }
    return {};
}

void SeriesReader::collect_memtables() {
    for (const auto &memtable : sources_->memtables) {
        for (const Chunk *chunk = memtable->chunks(series_); chunk != nullptr;
             chunk = chunk->next.load(std::memory_order_acquire)) {
            if (!has_wanted(chunk->shape->columns)) continue;
            const auto source = static_cast<uint32_t>(chunks_.size());
            chunks_.push_back(chunk);
            const uint32_t count = chunk->count.load(std::memory_order_acquire);
            for (uint32_t i = 0; i < count; ++i) {
                const uint64_t *row = chunk->row(i);
                const auto time = static_cast<int64_t>(row[0]);
                if (row[1] > options_.lsn || !options_.range.contains(time)) continue;
                memory_rows_.push_back({time, row[1], static_cast<uint32_t>(row[2]), source, i});
            }
        }
    }
    if (!std::is_sorted(memory_rows_.begin(), memory_rows_.end())) {
        std::sort(memory_rows_.begin(), memory_rows_.end());
    }
}

void SeriesReader::build_clusters() {
    std::vector<uint32_t> order(blocks_.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto header = [&](uint32_t i) -> const BlockHeader & { return blocks_[i].entry.header; };
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return header(a).time_min < header(b).time_min; });
    std::vector<Cluster> of_blocks;
    for (const uint32_t i : order) {
        const bool joins = !of_blocks.empty() && (options_.one_cluster ||
                                                  header(i).time_min <= of_blocks.back().time_max);
        if (!joins) of_blocks.push_back({{}, 0, 0, header(i).time_min, header(i).time_max});
        of_blocks.back().blocks.push_back(i);
        of_blocks.back().time_max = std::max(of_blocks.back().time_max, header(i).time_max);
    }
    size_t at = 0;
    const auto alone = [&](size_t to) {
        if (to > at) clusters_.push_back({{}, at, to, 0, 0});
        at = to;
    };
    const auto begin = memory_rows_.begin();
    for (Cluster &cluster : of_blocks) {
        const auto first =
            std::lower_bound(begin + at, memory_rows_.end(), cluster.time_min,
                             [](const Entry &entry, int64_t time) { return entry.time < time; });
        const auto last =
            std::upper_bound(first, memory_rows_.end(), cluster.time_max,
                             [](int64_t time, const Entry &entry) { return time < entry.time; });
        alone(first - begin);
        cluster.entry_from = first - begin;
        cluster.entry_to = at = last - begin;
        clusters_.push_back(std::move(cluster));
    }
    alone(memory_rows_.size());
    if (options_.descending) std::reverse(clusters_.begin(), clusters_.end());
}

std::vector<const Column *> SeriesReader::all_columns() const {
    std::set<const Column *> columns;
    for (const SegmentBlock &block : blocks_) {
        for (const ChunkEntry &chunk : block.entry.chunks) {
            columns.insert(block.segment->columns()[chunk.column]);
        }
    }
    for (const Chunk *chunk : chunks_) {
        columns.insert(chunk->shape->columns.begin(), chunk->shape->columns.end());
    }
    return {columns.begin(), columns.end()};
}

bool SeriesReader::is_direct(const Cluster &cluster) const {
    return cluster.blocks.size() == 1 && cluster.entry_from == cluster.entry_to;
}

Status SeriesReader::next() {
    block_arena_.reset();
    times_ = nullptr;
    direct_ = nullptr;
    has_stats_ = false;
    while (true) {
        if (cluster_ != nullptr && group_left_from_ < group_left_to_) {
            next_merged();
            return {};
        }
        cluster_ = nullptr;
        if (next_cluster_ == clusters_.size()) return {Code::end, ""};
        const Cluster &cluster = clusters_[next_cluster_++];
        if (is_direct(cluster)) return next_direct(cluster);
        cluster_ = &cluster;
        VARVE_RETURN_IF_ERROR(open_cluster());
    }
}

Status SeriesReader::next_direct(const Cluster &cluster) {
    direct_ = &blocks_[cluster.blocks.front()];
    const BlockEntry &block = direct_->entry;
    row_count_ = block.header.row_count;
    time_min_ = block.header.time_min;
    time_max_ = block.header.time_max;
    stats_.assign(wanted_.size(), varve_block_stats{});
    has_stats_ = true;
    for (size_t i = 0; i < wanted_.size(); ++i) {
        const ChunkEntry *chunk = find_chunk(*direct_, wanted_[i]);
        if (chunk == nullptr) continue;  // no value at all: a count of 0
        const uint32_t at = block.stats_of[static_cast<size_t>(chunk - block.chunks.data())];
        if (at == UINT32_MAX) {
            has_stats_ = false;
        } else {
            stats_[i] = block.stats[at];
        }
    }
    return {};
}

const ChunkEntry *SeriesReader::find_chunk(const SegmentBlock &block, const Column *column) const {
    if (column == nullptr) return nullptr;
    for (const ChunkEntry &chunk : block.entry.chunks) {
        if (block.segment->columns()[chunk.column] == column) return &chunk;
    }
    return nullptr;
}

Status SeriesReader::open_cluster() {
    cluster_arena_.reset();
    entries_.assign(memory_rows_.begin() + static_cast<int64_t>(cluster_->entry_from),
                    memory_rows_.begin() + static_cast<int64_t>(cluster_->entry_to));
    for (uint32_t i = 0; i < cluster_->blocks.size(); ++i) {
        const SegmentBlock &block = blocks_[cluster_->blocks[i]];
        auto times = block.segment->read_times(block.entry, cluster_arena_);
        if (!times.ok()) return times.status();
        const uint64_t lsn = block.segment->header().lsn_max;
        const auto source = static_cast<uint32_t>(chunks_.size() + i);
        for (uint32_t row = 0; row < block.entry.header.row_count; ++row) {
            const int64_t time = (*times)[row];
            if (options_.range.contains(time)) entries_.push_back({time, lsn, 0, source, row});
        }
    }
    if (!std::is_sorted(entries_.begin(), entries_.end())) {
        std::sort(entries_.begin(), entries_.end());
    }
    groups_.clear();
    for (size_t i = 0; i < entries_.size(); ++i) {
        if (i == 0 || entries_[i].time != entries_[i - 1].time) groups_.push_back(i);
    }
    group_left_from_ = 0;
    group_left_to_ = groups_.size();
    groups_.push_back(entries_.size());
    decoded_.assign(wanted_.size(), {});
    return {};
}

void SeriesReader::next_merged() {
    const size_t count = std::min<size_t>(VARVE_BLOCK_ROWS_MAX, group_left_to_ - group_left_from_);
    if (options_.descending) {
        group_from_ = group_left_to_ -= count;
    } else {
        group_from_ = group_left_from_;
        group_left_from_ += count;
    }
    row_count_ = static_cast<uint32_t>(count);
    time_min_ = entries_[groups_[group_from_]].time;
    time_max_ = entries_[groups_[group_from_ + count - 1]].time;
}

Result<const int64_t *> SeriesReader::times() {
    if (times_ != nullptr) return times_;
    if (direct_ != nullptr) {
        auto read = direct_->segment->read_times(direct_->entry, block_arena_);
        if (!read.ok()) return read;
        times_ = *read;
        return times_;
    }
    auto *times = static_cast<int64_t *>(
        block_arena_.allocate(sizeof(int64_t) * row_count_, kChunkAlignment));
    for (uint32_t i = 0; i < row_count_; ++i) times[i] = entries_[groups_[group_from_ + i]].time;
    times_ = times;
    return times_;
}

Result<DecodedColumn> SeriesReader::column(uint32_t position) {
    const Column *column = wanted_[position];
    if (direct_ != nullptr) {
        if (const ChunkEntry *chunk = find_chunk(*direct_, column)) {
            return direct_->segment->read_column(direct_->entry, *chunk, block_arena_);
        }
    } else if (column != nullptr) {
        return merged_column(position);
    }
    // No value at all.
    const size_t width = sizeof(varve_str) * row_count_;
    void *values = block_arena_.allocate(width, kChunkAlignment);
    std::memset(values, 0, width);
    const size_t words = (row_count_ + 63) / 64;
    auto *validity = static_cast<uint64_t *>(block_arena_.allocate(8 * words, kChunkAlignment));
    std::memset(validity, 0, 8 * words);
    return DecodedColumn{values, validity};
}

// One word per row: the value's bits, or for strings the address of a varve_str.
Status SeriesReader::fill_merged(uint32_t position, uint64_t *words, uint64_t *validity,
                                 bool &all_valid) {
    const Column *column = wanted_[position];
    auto &decoded = decoded_[position];
    if (decoded.empty()) {
        decoded.resize(cluster_->blocks.size());
        for (size_t b = 0; b < decoded.size(); ++b) {
            const SegmentBlock &block = blocks_[cluster_->blocks[b]];
            const ChunkEntry *chunk = find_chunk(block, column);
            if (chunk == nullptr) continue;
            auto read = block.segment->read_column(block.entry, *chunk, cluster_arena_);
            if (!read.ok()) return read.status();
            decoded[b] = *read;
        }
    }
    const Shape *shape = nullptr;
    int64_t offset = -1;
    const auto value_of = [&](const Entry &entry, uint64_t &word) {
        if (entry.source >= chunks_.size()) {
            const auto &block = decoded[entry.source - chunks_.size()];
            const uint64_t row = entry.row;
            if (!block) return false;
            if (block->validity != nullptr && (block->validity[row / 64] >> (row % 64) & 1) == 0) {
                return false;
            }
            if (column->type == VARVE_TYPE_STRING) {
                word =
                    reinterpret_cast<uint64_t>(static_cast<const varve_str *>(block->values) + row);
            } else if (column->type == VARVE_TYPE_BOOLEAN) {
                word = static_cast<const uint8_t *>(block->values)[row];
            } else {
                word = static_cast<const uint64_t *>(block->values)[row];
            }
            return true;
        }
        const Chunk &chunk = *chunks_[entry.source];
        if (chunk.shape != shape) {
            shape = chunk.shape;
            const auto found = std::find(shape->columns.begin(), shape->columns.end(), column);
            offset = found == shape->columns.end() ? -1 : 3 + (found - shape->columns.begin());
        }
        if (offset < 0) return false;
        word = chunk.row(static_cast<uint32_t>(entry.row))[offset];
        if (column->type == VARVE_TYPE_STRING) {
            auto *text = static_cast<varve_str *>(block_arena_.allocate(sizeof(varve_str)));
            *text = str(Memtable::text_of(word));
            word = reinterpret_cast<uint64_t>(text);
        }
        return true;
    };
    for (uint32_t i = 0; i < row_count_; ++i) {
        const size_t from = groups_[group_from_ + i];
        size_t at = groups_[group_from_ + i + 1];
        bool found = false;
        while (!found && at > from) found = value_of(entries_[--at], words[i]);
        if (found) {
            validity[i / 64] |= uint64_t{1} << (i % 64);
        } else {
            words[i] = 0;
            all_valid = false;
        }
    }
    return {};
}

Result<DecodedColumn> SeriesReader::merged_column(uint32_t position) {
    auto *words = static_cast<uint64_t *>(block_arena_.allocate(8 * row_count_, kChunkAlignment));
    const size_t bitmap = (row_count_ + 63) / 64 * 8;
    auto *validity = static_cast<uint64_t *>(block_arena_.allocate(bitmap, kChunkAlignment));
    std::memset(validity, 0, bitmap);
    bool all_valid = true;
    if (Status status = fill_merged(position, words, validity, all_valid); !status.ok()) {
        return status;
    }
    DecodedColumn column{words, all_valid ? nullptr : validity};
    const uint32_t type = wanted_[position]->type;
    if (type == VARVE_TYPE_BOOLEAN) {
        auto *bytes = static_cast<uint8_t *>(block_arena_.allocate(row_count_, kChunkAlignment));
        for (uint32_t i = 0; i < row_count_; ++i) bytes[i] = static_cast<uint8_t>(words[i]);
        column.values = bytes;
    } else if (type == VARVE_TYPE_STRING) {
        auto *texts = static_cast<varve_str *>(
            block_arena_.allocate(sizeof(varve_str) * row_count_, kChunkAlignment));
        for (uint32_t i = 0; i < row_count_; ++i) {
            texts[i] = words[i] == 0 ? varve_str{} : *reinterpret_cast<varve_str *>(words[i]);
        }
        column.values = texts;
    }
    return column;
}

uint64_t SeriesReader::size_bytes() const {
    return cluster_arena_.size_bytes() + block_arena_.size_bytes() +
           sizeof(Entry) * (memory_rows_.capacity() + entries_.capacity());
}

}  // namespace varve::strata
