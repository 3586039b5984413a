#include "storage/strata/scan/scan_partition.hpp"

#include <algorithm>

namespace varve::strata {
namespace {

constexpr uint64_t kBlocksPerCharge = 16;

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

bool ScanState::excludes(const varve_block_stats *stats) const {
    for (const auto &[column, condition] : conditions) {
        const uint32_t type = shape.columns[column].type;
        const varve_block_stats &one = stats[column];
        if (one.count == 0) return true;
        if ((one.present & VARVE_STATS_MINMAX) == 0) continue;
        const storage::TypedValue constant{condition->type, condition->constant.as_uint,
                                           view(condition->text)};
        const storage::TypedValue low{type, one.min.as_uint, {}};
        const storage::TypedValue high{type, one.max.as_uint, {}};
        bool possible = true;
        switch (condition->op) {
            case VARVE_EQ:
                possible = storage::condition_met(low, VARVE_LE, constant) &&
                           storage::condition_met(high, VARVE_GE, constant);
                break;
            case VARVE_LT:
            case VARVE_LE:
                possible = storage::condition_met(low, condition->op, constant);
                break;
            case VARVE_GT:
            case VARVE_GE:
                possible = storage::condition_met(high, condition->op, constant);
                break;
            default:
                break;
        }
        if (!possible) return true;
    }
    return false;
}

ScanPartition::ScanPartition(std::shared_ptr<const ScanState> state, std::vector<uint32_t> series)
    : state_(std::move(state)),
      series_(std::move(series)),
      key_cursor_(*state_->index),
      charge_(state_->memory, state_->shape.request->account) {}

const ShardScan &ScanPartition::shard() const {
    const size_t count = state_->shards.size();
    return state_
        ->shards[state_->shape.request->descending != 0 ? count - 1 - shard_at_ : shard_at_];
}

Status ScanPartition::open_reader() {
    const ShardScan &shard = this->shard();
    if (reader_ != nullptr && reader_shard_ == shard_at_) {
        reading_ = true;
        return reader_->reopen(series_[series_at_], state_->measurement, shard.wanted);
    }
    const bool descending = state_->shape.request->descending != 0;
    ReadOptions options;
    options.range = state_->shape.range;
    options.lsn = state_->lsn;
    options.descending = descending;
    reader_ = std::make_unique<SeriesReader>(shard.sources, series_[series_at_],
                                             state_->measurement, shard.wanted, options, cache_);
    reader_shard_ = shard_at_;
    reading_ = true;
    return reader_->open();
}

Status ScanPartition::charge() {
    const uint64_t size_bytes = clip_arena_.size_bytes() + lookup_arena_.size_bytes() +
                                cache_.size_bytes() + lookup_cache_.size_bytes() + keys_bytes_ +
                                (reader_ == nullptr ? 0 : reader_->size_bytes());
    if (size_bytes <= charged_) return {};
    VARVE_RETURN_IF_ERROR(charge_.add(size_bytes - charged_));
    charged_ = size_bytes;
    return {};
}

// Moves on to the next block of the reader or of the readers to come.
Status ScanPartition::next_block() {
    const uint64_t limit = state_->shape.request->limit_per_series;
    while (true) {
        if (series_at_ == series_.size()) return {Code::end, ""};
        if (shard_at_ == state_->shards.size() || (limit != 0 && rows_given_ >= limit)) {
            shard_at_ = 0;
            rows_given_ = 0;
            reading_ = false;
            ++series_at_;
            continue;
        }
        if (!reading_ && !shard_has(series_[series_at_])) {
            ++shard_at_;
            continue;
        }
        if (!reading_) {
            VARVE_RETURN_IF_ERROR(load_key(static_cast<uint32_t>(series_at_)));
            VARVE_RETURN_IF_ERROR(open_reader());
        }
        const Status status = reader_->next();
        if (status.ok()) return status;
        if (status.code() != Code::end) return status;
        reading_ = false;
        ++shard_at_;
    }
}

Status ScanPartition::next(varve_block &block) {
    const varve_scan_request &request = *state_->shape.request;
    loaded_ = false;
    clip_arena_.reset();
    do {
        if (state_->shape.cancelled()) return {Code::cancelled, "the scan was cancelled"};
        VARVE_RETURN_IF_ERROR(next_block());
        stats_ = nullptr;
        const bool wants_stats =
            request.wants_stats != 0 &&
            (request.stats_span_max_ns == 0 ||
             reader_->time_max() - reader_->time_min() < request.stats_span_max_ns);
        if (!wants_stats && state_->conditions.empty()) continue;
        auto stats = reader_->stats();
        if (!stats.ok()) return stats.status();
        stats_ = *stats;
    } while (stats_ != nullptr && state_->excludes(stats_));
    // The rows of a block that lies in the range whole are known without loading it.
    const storage::TimeRange &range = state_->shape.range;
    counted_ = reader_->time_min() >= range.first && reader_->time_max() <= range.last;
    if (counted_) rows_given_ += reader_->row_count();
    if (blocks_++ % kBlocksPerCharge == 0) VARVE_RETURN_IF_ERROR(charge());
    block.struct_size = sizeof block;
    block.series = static_cast<uint32_t>(series_at_);
    block.rows = reader_->row_count();
    block.exact = 1;
    block.t_min = reader_->time_min();
    block.t_max = reader_->time_max();
    block.stats = stats_;
    block.block_data = reader_.get();
    columns_.assign(state_->shape.columns.size(), varve_column{});
    return {};
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
        const DecodedColumn clipped = slice({*times, nullptr}, VARVE_TYPE_INT64, clip_from_,
                                            clip_to_ - clip_from_, clip_arena_);
        times_ = static_cast<const int64_t *>(clipped.values);
        if (!counted_) rows_given_ += clip_to_ - clip_from_;
        counted_ = loaded_ = true;
    }
    for (const uint32_t position : positions) {
        if (position >= columns_.size()) {
            return {Code::invalid_argument, "a column position behind the scan's last"};
        }
        if (columns_[position].values != nullptr) continue;
        auto column = reader_->column(position);
        if (!column.ok()) return column.status();
        const varve_scan_column &asked = state_->shape.columns[position];
        columns_[position] = column_of(
            asked, slice(*column, asked.type, clip_from_, clip_to_ - clip_from_, clip_arena_));
    }
    VARVE_RETURN_IF_ERROR(charge());
    out.struct_size = sizeof out;
    out.row_count = clip_to_ - clip_from_;
    out.times = times_;
    out.columns = columns_.data();
    return {};
}

Status ScanPartition::load_key(uint32_t series) {
    auto &key = keys_[series];
    if (key != nullptr) return {};
    auto made = std::make_unique<Key>();
    VARVE_RETURN_IF_ERROR(key_cursor_.key_of(series_[series], made->text));
    VARVE_RETURN_IF_ERROR(series_key::split(made->text, made->parts));
    keys_bytes_ +=
        sizeof(Key) + made->text.size() + made->parts.tags.size() * sizeof(series_key::Tag);
    key = std::move(made);
    return {};
}

std::string_view ScanPartition::series_key(uint32_t series) {
    return keys_.at(series)->text;
}

std::string_view ScanPartition::series_tag(uint32_t series, uint32_t tag) {
    return keys_.at(series)->parts.tag(view(state_->shape.request->tag_keys[tag]));
}

Status ScanPartition::lookup_one(uint32_t series, int64_t time, std::span<const uint32_t> positions,
                                 size_t row) {
    ReadOptions options;
    options.range = {time, time};
    options.lsn = state_->lsn;
    for (const ShardScan &shard : state_->shards) {
        if (time < shard.from_ns || (time >= shard.to_ns && shard.to_ns != INT64_MAX)) continue;
        SeriesReader reader(shard.sources, series_[series], state_->measurement, shard.wanted,
                            options, lookup_cache_);
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
        void *values = lookup_arena_.allocate(size, kColumnAlignment);
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
