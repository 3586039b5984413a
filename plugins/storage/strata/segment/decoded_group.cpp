#include "storage/strata/segment/decoded_group.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <varve/cpp/bytes.hpp>

namespace varve::strata {

DecodedColumn slice(const DecodedColumn &column, uint32_t type, uint32_t from, uint32_t count,
                    Arena &arena) {
    if (from == 0) return column;
    const size_t width = width_of(type);
    DecodedColumn out;
    const char *values = static_cast<const char *>(column.values) + width * from;
    out.values = values;
    if (reinterpret_cast<uintptr_t>(values) % kColumnAlignment != 0) {
        void *copy = arena.allocate(width * count, kColumnAlignment);
        std::memcpy(copy, values, width * count);
        out.values = copy;
    }
    if (column.validity == nullptr) return out;
    const size_t words = (size_t{count} + 63) / 64;
    auto *validity = static_cast<uint64_t *>(arena.allocate(8 * words, kColumnAlignment));
    const size_t last = (size_t{from} + count - 1) / 64;
    for (size_t i = 0; i < words; ++i) {
        const size_t at = (from / 64) + i;
        validity[i] = column.validity[at] >> (from % 64);
        if (from % 64 != 0 && at < last) validity[i] |= column.validity[at + 1] << (64 - from % 64);
    }
    if (count % 64 != 0) validity[words - 1] &= (uint64_t{1} << (count % 64)) - 1;
    out.validity = validity;
    return out;
}

Result<std::shared_ptr<const DecodedTimes>> GroupMemory::times(
    const std::shared_ptr<const Segment> &segment, std::string_view bytes, uint32_t count) {
    for (const auto &known : times_) {
        if (known->segment == segment && known->count == count && known->bytes == bytes) {
            return known;
        }
    }
    auto made = std::make_shared<DecodedTimes>(blocks_);
    made->values = static_cast<int64_t *>(
        made->arena.allocate(sizeof(int64_t) * (count + kDecodeSlack), kColumnAlignment));
    if (Status status = decode_ints(bytes, count, segment->codebooks(), made->values);
        !status.ok()) {
        return status.with_context(segment->path());
    }
    auto *copy = static_cast<char *>(made->arena.allocate(bytes.size() + 1));
    std::memcpy(copy, bytes.data(), bytes.size());
    made->bytes = {copy, bytes.size()};
    made->segment = segment;
    made->count = count;
    if (times_.size() == kTimesMax) times_.erase(times_.begin());
    times_.push_back(made);
    return std::shared_ptr<const DecodedTimes>(std::move(made));
}

Status DecodedGroup::damaged(std::string_view what) const {
    return {Code::data_loss, segment_->path() + ": " + std::string(what)};
}

int64_t DecodedGroup::position_of(const Column *column) const {
    const auto &shape = segment_->shape(entry_.shape);
    for (size_t i = 0; i < shape.size(); ++i) {
        if (segment_->columns()[shape[i]] == column) return static_cast<int64_t>(i);
    }
    return -1;
}

void DecodedGroup::forget() {
    arena_.reset();
    directory_ = nullptr;
    times_ = nullptr;
    columns_.clear();
    stats_bytes_ = {};
    stats_.fill(nullptr);
}

Result<const int64_t *> DecodedGroup::ints(std::string_view bytes, uint32_t count) {
    auto *out = static_cast<int64_t *>(
        arena_.allocate(sizeof(int64_t) * (count + kDecodeSlack), kColumnAlignment));
    const Status status = decode_ints(bytes, count, segment_->codebooks(), out);
    if (!status.ok()) return status.with_context(segment_->path());
    return out;
}

Status DecodedGroup::read_directory() {
    if (directory_ != nullptr) return {};
    // What needs no bytes of the file needs no keeping either.
    auto made = entry_.directory.size == 0
                    ? make_directory()
                    : segment_->indexed<Directory>(
                          IndexCache::Part::directory, 0, entry_.directory.offset,
                          [&] { return make_directory(); },
                          [](const Directory &directory) {
                              const size_t numbers = directory.series.size() +
                                                     directory.first_times.size() +
                                                     directory.spans.size();
                              return sizeof directory + numbers * sizeof(int64_t) +
                                     directory.ends.size() * sizeof(uint32_t);
                          });
    if (!made.ok()) return made.status();
    directory_ = *made;
    return {};
}

Result<std::shared_ptr<const DecodedGroup::Directory>> DecodedGroup::make_directory() {
    auto out = std::make_shared<Directory>();
    const uint32_t count = entry_.block_count;
    if (entry_.directory.size == 0) {
        if (count != 1 || entry_.packed) return damaged("a group without a directory");
        out->ends.assign(1, entry_.row_count);
        return std::shared_ptr<const Directory>(out);
    }
    auto bytes = segment_->read_chunk(entry_.directory, arena_);
    if (!bytes.ok()) return bytes.status();
    ByteReader reader(*bytes);
    const auto next = [&](std::vector<int64_t> &list) -> Status {
        auto values = ints(reader.bytes(reader.varint()), count);
        if (!values.ok()) return values.status();
        list.assign(*values, *values + count);
        return {};
    };
    std::vector<int64_t> counts;
    Status status = next(counts);
    if (status.ok() && entry_.packed) status = next(out->series);
    if (status.ok() && !reader.at_end()) {
        status = next(out->first_times);
        if (status.ok()) status = next(out->spans);
    }
    if (!status.ok()) return status;
    if (!reader.ok() || !reader.at_end()) return damaged("a directory makes no sense");
    out->ends.reserve(count);
    uint32_t end = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const bool sound = counts[i] > 0 && counts[i] <= VARVE_BLOCK_ROWS_MAX &&
                           counts[i] <= entry_.row_count - end &&
                           (i == 0 || !entry_.packed || out->series[i] > out->series[i - 1]);
        if (!sound) return damaged("a directory makes no sense");
        out->ends.push_back(end += static_cast<uint32_t>(counts[i]));
    }
    if (end != entry_.row_count) return damaged("a directory makes no sense");
    return std::shared_ptr<const Directory>(out);
}

Result<std::pair<uint32_t, uint32_t>> DecodedGroup::blocks_of(uint32_t series) {
    if (!entry_.packed) return std::make_pair(0u, entry_.block_count);
    if (Status status = read_directory(); !status.ok()) return status;
    const std::vector<int64_t> &all = directory_->series;
    const auto at = std::lower_bound(all.begin(), all.end(), int64_t{series});
    if (at == all.end() || *at != series) return std::make_pair(0u, 0u);
    const auto position = static_cast<uint32_t>(at - all.begin());
    return std::make_pair(position, position + 1);
}

Result<GroupBlock> DecodedGroup::block(uint32_t position) {
    if (entry_.block_count == 1 && !entry_.packed) {
        return GroupBlock{0, entry_.row_count, entry_.time_min, entry_.time_max};
    }
    if (Status status = read_directory(); !status.ok()) return status;
    GroupBlock block;
    const Directory &directory = *directory_;
    block.row_from = position == 0 ? 0 : directory.ends[position - 1];
    block.row_count = directory.ends[position] - block.row_from;
    if (!directory.first_times.empty()) {
        block.time_min = directory.first_times[position];
        block.time_max =
            static_cast<int64_t>(static_cast<uint64_t>(directory.first_times[position]) +
                                 static_cast<uint64_t>(directory.spans[position]));
        return block;
    }
    auto read = times();
    if (!read.ok()) return read.status();
    block.time_min = (*read)[block.row_from];
    block.time_max = (*read)[directory.ends[position] - 1];
    return block;
}

Result<const int64_t *> DecodedGroup::times() {
    if (times_ != nullptr) return times_->values;
    auto bytes = segment_->read_chunk(entry_.time, arena_);
    if (!bytes.ok()) return bytes.status();
    auto decoded = memory_.times(segment_, *bytes, entry_.row_count);
    if (!decoded.ok()) return decoded.status();
    times_ = std::move(*decoded);
    return times_->values;
}

Status DecodedGroup::decode_values(std::string_view bytes, uint32_t type, uint32_t count,
                                   void *&values) {
    values = arena_.allocate(width_of(type) * (count + kDecodeSlack), kColumnAlignment);
    const Codebooks &books = segment_->codebooks();
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            return decode_floats(bytes, count, books, static_cast<double *>(values));
        case VARVE_TYPE_STRING:
            return decode_strings(bytes, count, books, arena_, static_cast<varve_str *>(values));
        case VARVE_TYPE_BOOLEAN:
            return decode_bools(bytes, count, books, static_cast<uint8_t *>(values));
        default:
            return decode_ints(bytes, count, books, static_cast<int64_t *>(values));
    }
}

// Moves dense values to the rows that are valid; the others become zero. From the back, in place.
void DecodedGroup::spread(uint32_t type, uint32_t count, const uint64_t *validity, char *values) {
    const size_t width = width_of(type);
    uint32_t from = count;
    for (uint32_t row = entry_.row_count; row-- > 0;) {
        char *to = values + width * row;
        if ((validity[row / 64] >> (row % 64) & 1) != 0) {
            --from;
            if (from != row) std::memcpy(to, values + width * from, width);
        } else {
            std::memset(to, 0, width);
        }
    }
}

Result<DecodedColumn> DecodedGroup::decode(const ChunkPlace &place, uint32_t type) {
    auto bytes = segment_->read_chunk(place, arena_);
    if (!bytes.ok()) return bytes.status();
    ByteReader reader(*bytes);
    const auto has_nulls = reader.get<uint8_t>();
    if (!reader.ok() || has_nulls > 1) return damaged("a column chunk makes no sense");
    const uint32_t rows = entry_.row_count;
    DecodedColumn column;
    uint32_t count = rows;
    if (has_nulls != 0) {
        const std::string_view coded = reader.bytes(reader.varint());
        std::vector<uint8_t> flags(rows + kDecodeSlack);
        Status status = reader.ok() ? decode_bools(coded, rows, segment_->codebooks(), flags.data())
                                    : damaged("a column chunk makes no sense");
        if (!status.ok()) return status.with_context(segment_->path());
        const size_t words = (size_t{rows} + 63) / 64;
        auto *validity = static_cast<uint64_t *>(arena_.allocate(8 * words, kColumnAlignment));
        std::memset(validity, 0, 8 * words);
        count = 0;
        for (uint32_t i = 0; i < rows; ++i) {
            validity[i / 64] |= uint64_t{flags[i]} << (i % 64);
            count += flags[i];
        }
        column.validity = validity;
    }
    // Room for all rows, so that values can be spread in place.
    void *values = nullptr;
    Status status;
    if (count == rows) {
        status = decode_values(reader.bytes(reader.left()), type, count, values);
    } else {
        void *dense = nullptr;
        status = decode_values(reader.bytes(reader.left()), type, count, dense);
        values = arena_.allocate(width_of(type) * (rows + kDecodeSlack), kColumnAlignment);
        std::memcpy(values, dense, width_of(type) * count);
    }
    if (!status.ok()) return status.with_context(segment_->path());
    column.values = values;
    if (count != rows) spread(type, count, column.validity, static_cast<char *>(values));
    return column;
}

Result<std::optional<DecodedColumn>> DecodedGroup::column(const Column *wanted) {
    const int64_t position = position_of(wanted);
    if (position < 0) return std::optional<DecodedColumn>();
    const auto at = static_cast<uint32_t>(position);
    for (const auto &[known, values] : columns_) {
        if (known == at) return std::optional(values);
    }
    auto decoded = decode(entry_.columns[at], wanted->type);
    if (!decoded.ok()) return decoded.status();
    columns_.emplace_back(at, *decoded);
    return std::optional(*decoded);
}

Status DecodedGroup::read_stats(uint32_t type) {
    if (stats_[type] != nullptr) return {};
    auto made = segment_->indexed<TypeStats>(
        IndexCache::Part::stats, type, entry_.stats.offset, [&] { return make_stats(type); },
        [](const TypeStats &stats) {
            return sizeof(TypeStats) + stats.size() * sizeof(ColumnStats);
        });
    if (!made.ok()) return made.status();
    stats_[type] = *made;
    return {};
}

// Decodes the statistics of all columns of a type.
Result<std::shared_ptr<const DecodedGroup::TypeStats>> DecodedGroup::make_stats(uint32_t wanted) {
    if (stats_bytes_.data() == nullptr) {
        auto bytes = segment_->read_stats(entry_.stats, arena_);
        if (!bytes.ok()) return bytes.status();
        stats_bytes_ = *bytes;
    }
    const auto &shape = segment_->shape(entry_.shape);
    ByteReader reader(stats_bytes_);
    auto out = std::make_shared<TypeStats>();
    for (uint32_t type = VARVE_TYPE_FLOAT64; type <= VARVE_TYPE_BOOLEAN; ++type) {
        const auto columns =
            static_cast<size_t>(std::count_if(shape.begin(), shape.end(), [&](uint32_t position) {
                return segment_->schema()[position].type == type;
            }));
        if (columns == 0) continue;
        ByteReader body(reader.bytes(reader.varint()));
        if (type != wanted) continue;
        out->resize(columns * entry_.block_count);
        for (size_t at = 0; at < out->size() && body.ok(); at += kChunkValuesMax) {
            const size_t count = std::min<size_t>(kChunkValuesMax, out->size() - at);
            const std::string_view part = body.bytes(body.varint());
            const Status status = decode_stats(type, false, part, segment_->codebooks(),
                                               std::span(*out).subspan(at, count));
            if (!status.ok()) return status.with_context(segment_->path());
        }
        if (!body.ok() || !body.at_end()) return damaged("statistics make no sense");
    }
    if (!reader.ok() || !reader.at_end()) return damaged("statistics make no sense");
    return std::shared_ptr<const TypeStats>(out);
}

Result<varve_block_stats> DecodedGroup::stats(const Column *column, uint32_t position) {
    varve_block_stats stats{};
    const int64_t at = position_of(column);
    if (at < 0 || entry_.stats.size == 0) return stats;
    if (Status status = read_stats(column->type); !status.ok()) return status;
    const auto &shape = segment_->shape(entry_.shape);
    const auto before =
        static_cast<size_t>(std::count_if(shape.begin(), shape.begin() + at, [&](uint32_t other) {
            return segment_->schema()[other].type == column->type;
        }));
    const auto place = block(position);
    if (!place.ok()) return place.status();
    const ColumnStats &one = (*stats_[column->type])[before * entry_.block_count + position];
    stats.count = one.count;
    stats.present = one.present;
    stats.min.as_uint = one.min;
    stats.max.as_uint = one.max;
    stats.sum.as_uint = one.sum;
    stats.first.as_uint = one.first;
    stats.last.as_uint = one.last;
    stats.min_time = stats.max_time = place->time_min;  // some time inside; theirs is not kept
    stats.first_time = place->time_min;                 // kept only where there is no null
    stats.last_time = place->time_max;
    return stats;
}

Result<std::shared_ptr<const Leaf>> GroupCache::leaf(const Segment &segment, uint32_t position) {
    const Place place(&segment, position);
    const auto found = leaves_.find(place);
    if (found != leaves_.end()) return found->second;
    auto read = segment.leaf(position);
    if (!read.ok()) return read;
    if (leaves_.size() >= kLeavesMax) leaves_.clear();
    leaves_.emplace(place, *read);
    return read;
}

void GroupCache::make_room() {
    while (size_bytes_ > size_max_ && ages_.size() > 1) {
        const auto oldest = groups_.find(ages_.front());
        size_bytes_ -= oldest->second.size_bytes;
        ages_.pop_front();
        groups_.erase(oldest);
    }
}

std::shared_ptr<DecodedGroup> GroupCache::kept(const std::shared_ptr<const Segment> &segment,
                                               const std::shared_ptr<const Leaf> &leaf,
                                               const GroupEntry &entry) {
    const Place place(segment.get(), entry.columns.front().offset);
    const auto [at, made] = groups_.try_emplace(place);
    Known &known = at->second;
    if (made) {
        known.group = std::make_shared<DecodedGroup>(segment, leaf, entry, memory_);
        known.age = ages_.insert(ages_.end(), place);
    } else {
        ages_.splice(ages_.end(), ages_, known.age);
    }
    // What was decoded since it was last used.
    const uint64_t size_bytes = known.group->size_bytes() + sizeof(DecodedGroup);
    size_bytes_ += size_bytes - known.size_bytes;
    known.size_bytes = size_bytes;
    auto group = known.group;
    make_room();
    return group;
}

Status GroupCache::groups_of(const std::shared_ptr<const Segment> &segment, uint32_t series,
                             std::string_view measurement,
                             std::vector<std::shared_ptr<DecodedGroup>> &out) {
    if (!segment->filter().contains(series)) return {};
    Status status;
    segment->leaves_of(series, [&](uint32_t position) {
        if (!status.ok()) return;
        auto read = leaf(*segment, position);
        if (!read.ok()) {
            status = read.status();
            return;
        }
        auto at = std::partition_point((*read)->begin(), (*read)->end(), [&](const auto &entry) {
            return !entry.packed && entry.series_first < series;
        });
        for (; at != (*read)->end() && at->series_first <= series; ++at) {
            if (at->series_last < series) continue;
            if (segment->schema()[segment->shape(at->shape)[0]].measurement != measurement) {
                continue;
            }
            out.push_back(at->packed || keeps_own_
                              ? kept(segment, *read, *at)
                              : std::make_shared<DecodedGroup>(segment, *read, *at, memory_));
        }
    });
    return status;
}

}  // namespace varve::strata
