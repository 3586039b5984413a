#include "storage/memory/memory_partition.hpp"

#include <cstdlib>
#include <cstring>

#include "storage/common/block_stats.hpp"

namespace varve::memory {
namespace {

std::unique_ptr<void, void (*)(void *)> aligned(size_t size) {
    const size_t rounded = (size + 64) / 64 * 64;
    void *memory = std::aligned_alloc(64, rounded);
    if (memory == nullptr) throw std::bad_alloc();
    return {memory, &std::free};
}

template <typename T>
std::unique_ptr<void, void (*)(void *)> copy_of(const std::vector<T> &values, size_t from,
                                                size_t to) {
    auto memory = aligned((to - from) * sizeof(T));
    if (to > from) std::memcpy(memory.get(), values.data() + from, (to - from) * sizeof(T));
    return memory;
}

}  // namespace

void ColumnData::push(const Value *value) {
    valid.push_back(value != nullptr);
    if (type == VARVE_TYPE_STRING) {
        varve_str text{};
        if (value != nullptr) text = str(owned.emplace_back(value->text));
        texts.push_back(text);
    } else if (type == VARVE_TYPE_BOOLEAN) {
        bytes.push_back(value == nullptr ? 0 : static_cast<uint8_t>(value->bits));
    } else {
        words.push_back(value == nullptr ? 0 : value->bits);
    }
}

varve_column ColumnData::slice(varve_str name, size_t from, size_t to, Slice &memory) const {
    varve_column column{};
    column.name = name;
    column.type = type;
    column.decimals_max = VARVE_DECIMALS_UNKNOWN;
    if (type == VARVE_TYPE_STRING) {
        memory.values = copy_of(texts, from, to);
    } else if (type == VARVE_TYPE_BOOLEAN) {
        memory.values = copy_of(bytes, from, to);
    } else {
        memory.values = copy_of(words, from, to);
    }
    column.values = memory.values.get();
    memory.validity.assign((to - from + 63) / 64, 0);
    bool all = true;
    for (size_t i = from; i < to; ++i) {
        if (valid[i]) memory.validity[(i - from) / 64] |= uint64_t{1} << ((i - from) % 64);
        all = all && valid[i];
    }
    column.validity = all ? nullptr : memory.validity.data();
    return column;
}

SeriesData copy_series(const storage::Series &series, const Snapshot &snapshot,
                       const std::vector<std::shared_ptr<Shard>> &shards,
                       const storage::ScanShape &shape) {
    std::map<int64_t, Row> rows;
    for (const auto &shard : shards) {
        const auto found = shard->series.find(series.id);
        if (found == shard->series.end()) continue;
        for (const auto &[time, cells] : found->second.rows) {
            Row row = visible_row(cells, snapshot.lsn);
            if (!row.empty()) rows.emplace(time, std::move(row));
        }
    }
    SeriesData data;
    data.series = &series;
    data.columns.resize(shape.columns.size());
    for (size_t i = 0; i < shape.columns.size(); ++i) data.columns[i].type = shape.columns[i].type;
    for (const auto &[time, row] : rows) {
        data.times.push_back(time);
        for (size_t i = 0; i < shape.columns.size(); ++i) {
            const Value *value = nullptr;
            for (const auto &[column, held] : row) {
                if (column->second == shape.columns[i].type &&
                    column->first == view(shape.columns[i].name)) {
                    value = held;
                }
            }
            data.columns[i].push(value);
        }
    }
    return data;
}

MemoryPartition::MemoryPartition(std::shared_ptr<const storage::ScanShape> shape,
                                 std::vector<SeriesData> series, const varve_host_memory *memory)
    : shape_(std::move(shape)),
      series_(std::move(series)),
      charge_(memory, shape_->request->account) {
    for (uint32_t s = 0; s < series_.size(); ++s) {
        const std::vector<int64_t> &times = series_[s].times;
        std::vector<BlockAt> blocks;
        for (size_t from = 0; from < times.size(); from += VARVE_BLOCK_ROWS_MAX) {
            const size_t to = std::min<size_t>(from + VARVE_BLOCK_ROWS_MAX, times.size());
            if (shape_->range.overlaps(times[from], times[to - 1])) blocks.push_back({s, from, to});
        }
        if (shape_->request->descending != 0) std::reverse(blocks.begin(), blocks.end());
        blocks_.insert(blocks_.end(), blocks.begin(), blocks.end());
    }
}

Status MemoryPartition::charge() {
    uint64_t size_bytes = 0;
    for (const SeriesData &data : series_) {
        size_bytes += data.times.size() * 8 * (1 + data.columns.size());
    }
    return charge_.add(size_bytes);
}

Status MemoryPartition::next(varve_block &block) {
    slices_.clear();
    if (shape_->cancelled()) return {Code::cancelled, "the scan was cancelled"};
    if (next_ == blocks_.size()) return {Code::end, ""};
    const BlockAt &at = blocks_[next_++];
    const SeriesData &data = series_[at.series];
    const auto rows = static_cast<uint32_t>(at.to - at.from);
    stats_.clear();
    for (size_t i = 0; i < data.columns.size(); ++i) {
        ColumnData::Slice memory;
        const varve_column column = data.columns[i].slice({}, at.from, at.to, memory);
        stats_.push_back(storage::block_stats(column.type, column.values, column.validity,
                                              data.times.data() + at.from, rows));
    }
    block.struct_size = sizeof block;
    block.series = at.series;
    block.rows = rows;
    block.exact = 1;
    block.t_min = data.times[at.from];
    block.t_max = data.times[at.to - 1];
    block.stats = stats_.data();
    block.block_data = const_cast<BlockAt *>(&at);
    columns_.assign(data.columns.size(), varve_column{});
    return {};
}

Status MemoryPartition::load(const varve_block &block, std::span<const uint32_t> positions,
                             varve_loaded &out) {
    const BlockAt &at = *static_cast<const BlockAt *>(block.block_data);
    const SeriesData &data = series_[at.series];
    const auto begin = data.times.begin();
    const auto first =
        std::lower_bound(begin + at.from, begin + at.to, shape_->range.first) - begin;
    const auto last = std::upper_bound(begin + at.from, begin + at.to, shape_->range.last) - begin;
    for (const uint32_t position : positions) {
        if (position >= columns_.size()) {
            return {Code::invalid_argument, "a column position behind the scan's last"};
        }
        if (columns_[position].values != nullptr) continue;
        columns_[position] = data.columns[position].slice(shape_->columns[position].name, first,
                                                          last, slices_.emplace_back());
    }
    out.struct_size = sizeof out;
    out.row_count = static_cast<uint32_t>(last - first);
    out.times = data.times.data() + first;
    out.columns = columns_.data();
    return {};
}

std::string_view MemoryPartition::series_key(uint32_t series) {
    return series_[series].series->key;
}

std::string_view MemoryPartition::series_tag(uint32_t series, uint32_t tag) {
    return series_[series].series->parts.tag(view(shape_->request->tag_keys[tag]));
}

Status MemoryPartition::lookup(std::span<const uint32_t> series, std::span<const int64_t> times,
                               std::span<const uint32_t> positions, varve_looked_up &out) {
    looked_up_.clear();
    looked_up_slices_.clear();
    for (const uint32_t position : positions) {
        ColumnData column;
        column.type = shape_->columns[position].type;
        for (size_t i = 0; i < series.size(); ++i) {
            const SeriesData &data = series_[series[i]];
            const auto found = std::lower_bound(data.times.begin(), data.times.end(), times[i]);
            const auto row = static_cast<size_t>(found - data.times.begin());
            const ColumnData &source = data.columns[position];
            const bool valid = found != data.times.end() && *found == times[i] && source.valid[row];
            column.valid.push_back(valid);
            if (column.type == VARVE_TYPE_STRING) {
                column.texts.push_back(valid ? source.texts[row] : varve_str{});
            } else if (column.type == VARVE_TYPE_BOOLEAN) {
                column.bytes.push_back(valid ? source.bytes[row] : uint8_t{0});
            } else {
                column.words.push_back(valid ? source.words[row] : 0);
            }
        }
        looked_up_.push_back(column.slice(shape_->columns[position].name, 0, series.size(),
                                          looked_up_slices_.emplace_back()));
    }
    out.struct_size = sizeof out;
    out.row_count = static_cast<uint32_t>(series.size());
    out.columns = looked_up_.data();
    return {};
}

}  // namespace varve::memory
