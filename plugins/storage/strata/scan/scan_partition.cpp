#include "storage/strata/scan/scan_partition.hpp"

#include <algorithm>

namespace varve::strata {
namespace {

size_t width_of(uint32_t type) {
    if (type == VARVE_TYPE_STRING) return sizeof(varve_str);
    return type == VARVE_TYPE_BOOLEAN ? 1 : 8;
}

varve_column column_of(const varve_scan_column &asked, const DecodedColumn &decoded) {
    varve_column column{};
    column.name = asked.name;
    column.type = asked.type;
    column.decimals_max = VARVE_DECIMALS_UNKNOWN;
    column.values = decoded.values;
    column.validity = decoded.validity;
    return column;
}

}  // namespace

ScanPartition::ScanPartition(std::shared_ptr<const ScanState> state,
                             std::vector<const storage::Series *> series)
    : state_(std::move(state)),
      series_(std::move(series)),
      charge_(state_->memory, state_->shape.request->account) {}

Status ScanPartition::open_reader() {
    const bool descending = state_->shape.request->descending != 0;
    const size_t count = state_->shards.size();
    const ShardScan &shard = state_->shards[descending ? count - 1 - shard_at_ : shard_at_];
    ReadOptions options;
    options.range = state_->shape.range;
    options.lsn = state_->lsn;
    options.descending = descending;
    reader_ = std::make_unique<SeriesReader>(shard.sources, series_[series_at_]->id, shard.wanted,
                                             options);
    return reader_->open();
}

Status ScanPartition::charge() {
    const uint64_t size_bytes = clip_arena_.size_bytes() + lookup_arena_.size_bytes() +
                                (reader_ == nullptr ? 0 : reader_->size_bytes());
    if (size_bytes <= charged_) return {};
    VARVE_RETURN_IF_ERROR(charge_.add(size_bytes - charged_));
    charged_ = size_bytes;
    return {};
}

Status ScanPartition::next(varve_block &block) {
    if (state_->shape.cancelled()) return {Code::cancelled, "the scan was cancelled"};
    loaded_ = false;
    clip_arena_.reset();
    while (true) {
        if (series_at_ == series_.size()) return {Code::end, ""};
        if (shard_at_ == state_->shards.size()) {
            shard_at_ = 0;
            ++series_at_;
            continue;
        }
        if (reader_ == nullptr) VARVE_RETURN_IF_ERROR(open_reader());
        const Status status = reader_->next();
        if (status.ok()) break;
        if (status.code() != Code::end) return status;
        reader_.reset();
        ++shard_at_;
    }
    VARVE_RETURN_IF_ERROR(charge());
    block.struct_size = sizeof block;
    block.series = static_cast<uint32_t>(series_at_);
    block.rows = reader_->row_count();
    block.exact = 1;
    block.t_min = reader_->time_min();
    block.t_max = reader_->time_max();
    block.stats = reader_->stats();
    block.block_data = reader_.get();
    columns_.assign(state_->shape.columns.size(), varve_column{});
    return {};
}

// Cuts the rows outside the range off; what is cut at the front is moved, so that it stays aligned.
void ScanPartition::clip(DecodedColumn &column, uint32_t type) {
    if (clip_from_ == 0) return;
    const uint32_t rows = clip_to_ - clip_from_;
    const size_t width = width_of(type);
    void *values = clip_arena_.allocate(width * rows, kChunkAlignment);
    std::memcpy(values, static_cast<const char *>(column.values) + width * clip_from_,
                width * rows);
    column.values = values;
    if (column.validity == nullptr) return;
    const size_t words = (rows + 63) / 64;
    auto *validity = static_cast<uint64_t *>(clip_arena_.allocate(8 * words + 8, kChunkAlignment));
    std::memset(validity, 0, 8 * words);
    for (uint32_t i = 0; i < rows; ++i) {
        const uint32_t row = clip_from_ + i;
        validity[i / 64] |= (column.validity[row / 64] >> (row % 64) & 1) << (i % 64);
    }
    column.validity = validity;
}

Status ScanPartition::load(const varve_block &, std::span<const uint32_t> positions,
                           varve_loaded &out) {
    if (!loaded_) {
        auto times = reader_->times();
        if (!times.ok()) return times.status();
        const storage::TimeRange &range = state_->shape.range;
        const int64_t *end = *times + reader_->row_count();
        clip_from_ = static_cast<uint32_t>(std::lower_bound(*times, end, range.first) - *times);
        clip_to_ = static_cast<uint32_t>(std::upper_bound(*times, end, range.last) - *times);
        DecodedColumn clipped{*times, nullptr};
        clip(clipped, VARVE_TYPE_INT64);
        times_ = static_cast<const int64_t *>(clipped.values);
        loaded_ = true;
    }
    for (const uint32_t position : positions) {
        if (position >= columns_.size()) {
            return {Code::invalid_argument, "a column position behind the scan's last"};
        }
        if (columns_[position].values != nullptr) continue;
        auto column = reader_->column(position);
        if (!column.ok()) return column.status();
        const varve_scan_column &asked = state_->shape.columns[position];
        clip(*column, asked.type);
        columns_[position] = column_of(asked, *column);
    }
    VARVE_RETURN_IF_ERROR(charge());
    out.struct_size = sizeof out;
    out.row_count = clip_to_ - clip_from_;
    out.times = times_;
    out.columns = columns_.data();
    return {};
}

std::string_view ScanPartition::series_key(uint32_t series) {
    return series_[series]->key;
}

std::string_view ScanPartition::series_tag(uint32_t series, uint32_t tag) {
    return series_[series]->parts.tag(view(state_->shape.request->tag_keys[tag]));
}

Status ScanPartition::lookup_one(uint32_t series, int64_t time, std::span<const uint32_t> positions,
                                 size_t row) {
    ReadOptions options;
    options.range = {time, time};
    options.lsn = state_->lsn;
    for (const ShardScan &shard : state_->shards) {
        if (time < shard.from_ns || (time >= shard.to_ns && shard.to_ns != INT64_MAX)) continue;
        SeriesReader reader(shard.sources, series_[series]->id, shard.wanted, options);
        VARVE_RETURN_IF_ERROR(reader.open());
        const Status status = reader.next();
        if (status.code() == Code::end) continue;
        if (!status.ok()) return status;
        auto times = reader.times();
        if (!times.ok()) return times.status();
        const int64_t *end = *times + reader.row_count();
        const int64_t *found = std::lower_bound(*times, end, time);
        if (found == end || *found != time) continue;
        const auto at = static_cast<size_t>(found - *times);
        for (size_t p = 0; p < positions.size(); ++p) {
            auto column = reader.column(positions[p]);
            if (!column.ok()) return column.status();
            if (column->validity != nullptr && (column->validity[at / 64] >> (at % 64) & 1) == 0) {
                continue;
            }
            const varve_column &target = looked_up_[p];
            const size_t width = width_of(target.type);
            char *value = static_cast<char *>(const_cast<void *>(target.values)) + width * row;
            std::memcpy(value, static_cast<const char *>(column->values) + width * at, width);
            const_cast<uint64_t *>(target.validity)[row / 64] |= uint64_t{1} << (row % 64);
            if (target.type != VARVE_TYPE_STRING) continue;
            auto *text = reinterpret_cast<varve_str *>(value);
            auto *copy = static_cast<char *>(lookup_arena_.allocate(text->size + 1, 1));
            std::memcpy(copy, text->data, text->size);
            text->data = copy;
        }
    }
    return {};
}

Status ScanPartition::lookup(std::span<const uint32_t> series, std::span<const int64_t> times,
                             std::span<const uint32_t> positions, varve_looked_up &out) {
    lookup_arena_.reset();
    looked_up_.clear();
    const size_t rows = series.size();
    for (const uint32_t position : positions) {
        const varve_scan_column &asked = state_->shape.columns[position];
        const size_t size = width_of(asked.type) * rows + 8;
        void *values = lookup_arena_.allocate(size, kChunkAlignment);
        std::memset(values, 0, size);
        auto *validity = static_cast<uint64_t *>(lookup_arena_.allocate((rows + 64) / 64 * 8));
        std::memset(validity, 0, (rows + 64) / 64 * 8);
        looked_up_.push_back(column_of(asked, {values, validity}));
    }
    for (size_t row = 0; row < rows; ++row) {
        VARVE_RETURN_IF_ERROR(lookup_one(series[row], times[row], positions, row));
    }
    VARVE_RETURN_IF_ERROR(charge());
    out.struct_size = sizeof out;
    out.row_count = static_cast<uint32_t>(rows);
    out.columns = looked_up_.data();
    return {};
}

}  // namespace varve::strata
