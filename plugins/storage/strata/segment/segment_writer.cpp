#include "storage/strata/segment/segment_writer.hpp"

#include <algorithm>

#include <xxhash.h>
#include <zstd.h>

namespace varve::strata {
namespace {

constexpr size_t kBufferSize = 1 << 20;
constexpr uint64_t kPooledRowsMax = 1 << 18;  // over all pools
constexpr uint32_t kSharedTimesRowsMin = 16;
constexpr size_t kSharedTimesMax = 1 << 16;
constexpr int kKeysLevel = 3;

template <typename Page>
std::string render_page(const Page &page, std::string_view tail, uint64_t seed) {
    std::string out(reinterpret_cast<const char *>(&page), sizeof page);
    out += tail;
    out.resize(kPageSize - 8, '\0');
    ByteWriter(out).put(checksum(out, seed));
    return out;
}

}  // namespace

SegmentWriter::SegmentWriter(const Files &files, std::string path, const ShardIdentity &shard,
                             uint64_t id, Tier tier)
    : files_(files),
      path_(std::move(path)),
      shard_(shard),
      tier_(tier),
      context_{tier, &codebooks_} {
    info_.id = id;
    info_.time_min = INT64_MAX;
    info_.time_max = INT64_MIN;
}

SegmentWriter::~SegmentWriter() {
    if (finished_ || !file_) return;
    const Status status = files_.remove(path_ + ".tmp");
    if (!status.ok()) files_.host().log_warning(status.text());
}

Status SegmentWriter::begin() {
    info_.uuid = files_.random_uuid();
    seed_ = info_.uuid.seed();
    auto file =
        files_.open(path_ + ".tmp", VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
    if (!file.ok()) return file.status();
    file_ = std::move(*file);
    buffer_.assign(kPageSize, '\0');
    return {};
}

uint64_t SegmentWriter::size_bytes() const {
    return buffer_offset_ + buffer_.size() + index_.size() + stats_.size() + keys_.size();
}

Status SegmentWriter::begin_series(uint32_t series, std::string_view key,
                                   std::vector<const Column *> columns) {
    VARVE_RETURN_IF_ERROR(close_series());
    series_ = series;
    key_ = key;
    rows_.reset(std::move(columns));
    series_has_groups_ = false;
    return {};
}

Status SegmentWriter::add_rows(const BlockRows &rows) {
    rows_.append(rows);
    while (rows_.row_count() > kGroupRowsMax) VARVE_RETURN_IF_ERROR(write_group());
    return {};
}

Status SegmentWriter::close_series() {
    const bool any = series_has_groups_ || rows_.row_count() != 0;
    if (!any) return {};
    ++footer_.series_count;
    footer_.series_end = series_ + 1;
    filter_.add(series_);
    VARVE_RETURN_IF_ERROR(add_key());
    if (!series_has_groups_ && rows_.row_count() <= kPackedRowsMax) {
        Shape shape;
        for (const ColumnBuffer &column : rows_.columns()) {
            if (count_valid(column.validity, 0, rows_.row_count()) != 0) {
                shape.push_back(column.column);
            }
        }
        VARVE_RETURN_IF_ERROR(pack(shape));
    }
    while (rows_.row_count() != 0) VARVE_RETURN_IF_ERROR(write_group());
    series_has_groups_ = false;
    return {};
}

// Writes the first rows of the series as a group of its own.
Status SegmentWriter::write_group() {
    const uint32_t count = group_rows(rows_.times());
    GroupEntry entry;
    entry.series_first = entry.series_last = series_;
    entry.row_count = count;
    entry.time_min = rows_.times().front();
    entry.time_max = rows_.times()[count - 1];
    VARVE_RETURN_IF_ERROR(append_group(encode_group(rows_, count, context_), entry));
    series_has_groups_ = true;
    if (count == rows_.row_count()) {
        rows_.clear();
    } else {
        rows_.drop_front(count);
    }
    own_leaf_.add(entry);
    if (own_leaf_.size() >= kLeafSize) close_leaf(own_leaf_);
    return {};
}

// Moves the series' rows to the pool of their shape.
Status SegmentWriter::pack(const Shape &shape) {
    const auto [at, made] = pools_.try_emplace(shape);
    Pool &pool = at->second;
    if (made) pool.rows.reset(shape);
    if (pool.rows.row_count() + rows_.row_count() > kGroupRowsMax) {
        VARVE_RETURN_IF_ERROR(write_pool(pool));
    }
    pool.rows.append(rows_);
    pool.runs.push_back({series_, rows_.row_count()});
    pooled_rows_ += rows_.row_count();
    rows_.clear();
    if (pooled_rows_ <= kPooledRowsMax) return {};
    // Those with half of the mean or more hold at least half of all rows: a look at every pool is
    // paid for by many rows, however many shapes there are.
    return write_pools(std::max<uint64_t>(1, pooled_rows_ / pools_.size() / 2));
}

// In the order of their series, so that the leaves of the index get large.
Status SegmentWriter::write_pools(uint64_t rows_min) {
    std::vector<decltype(pools_)::iterator> large;
    for (auto at = pools_.begin(); at != pools_.end(); ++at) {
        if (at->second.rows.row_count() >= rows_min) large.push_back(at);
    }
    std::sort(large.begin(), large.end(), [](const auto &a, const auto &b) {
        return a->second.runs.front().series < b->second.runs.front().series;
    });
    for (const auto &at : large) {
        VARVE_RETURN_IF_ERROR(write_pool(at->second));
        pools_.erase(at);
    }
    return {};
}

Status SegmentWriter::write_pool(Pool &pool) {
    if (pool.runs.empty()) return {};
    GroupEntry entry;
    entry.packed = true;
    entry.series_first = pool.runs.front().series;
    entry.series_last = pool.runs.back().series;
    entry.row_count = pool.rows.row_count();
    entry.time_min = INT64_MAX;
    entry.time_max = INT64_MIN;
    const int64_t *times = pool.rows.times().data();
    for (const Run &run : pool.runs) {
        entry.time_min = std::min(entry.time_min, times[0]);
        times += run.row_count;
        entry.time_max = std::max(entry.time_max, times[-1]);
    }
    VARVE_RETURN_IF_ERROR(append_group(encode_packed(pool.rows, pool.runs, context_), entry));
    pooled_rows_ -= pool.rows.row_count();
    pool.rows.clear();
    pool.runs.clear();
    // Pools are not written in the order of series; a leaf is.
    if (!packed_leaf_.empty() && entry.series_first < packed_leaf_.last_series_first()) {
        close_leaf(packed_leaf_);
    }
    packed_leaf_.add(entry);
    if (packed_leaf_.size() >= kLeafSize) close_leaf(packed_leaf_);
    return {};
}

Status SegmentWriter::append_group(const EncodedGroup &group, GroupEntry &entry) {
    entry.shape = shape_position(group.shape);
    entry.block_count = group.block_count;
    if (!group.directory.empty()) {
        VARVE_RETURN_IF_ERROR(append_chunk(group.directory, entry.directory));
    }
    bool shared = false;
    if (!entry.packed && entry.row_count >= kSharedTimesRowsMin) {
        const XXH128_hash_t hash = XXH3_128bits(rows_.times().data(), entry.row_count * 8);
        const auto key = std::make_pair(hash.low64, hash.high64);
        const auto found = times_.find(key);
        shared = found != times_.end();
        if (shared) {
            entry.time = found->second;
        } else {
            VARVE_RETURN_IF_ERROR(append_chunk(group.time, entry.time));
            if (times_.size() == kSharedTimesMax) times_.clear();
            times_.emplace(key, entry.time);
        }
    } else {
        VARVE_RETURN_IF_ERROR(append_chunk(group.time, entry.time));
    }
    for (const std::string &column : group.columns) {
        VARVE_RETURN_IF_ERROR(append_chunk(column, entry.columns.emplace_back()));
    }
    if (!group.stats.empty()) {
        entry.stats.offset = stats_.size();
        entry.stats.size = static_cast<uint32_t>(group.stats.size());
        entry.stats.sum = chunk_sum(group.stats, seed_, entry.stats.offset);
        stats_ += group.stats;
    }
    ++footer_.group_count;
    footer_.row_count += entry.row_count;
    footer_.value_count += group.value_count;
    info_.time_min = std::min(info_.time_min, entry.time_min);
    info_.time_max = std::max(info_.time_max, entry.time_max);
    return {};
}

Status SegmentWriter::flush() {
    VARVE_RETURN_IF_ERROR(file_.write(buffer_offset_, buffer_));
    buffer_offset_ += buffer_.size();
    buffer_.clear();
    return {};
}

Status SegmentWriter::append_chunk(std::string_view bytes, ChunkPlace &place) {
    place.offset = buffer_offset_ + buffer_.size();
    place.size = static_cast<uint32_t>(bytes.size());
    place.sum = chunk_sum(bytes, seed_, place.offset);
    buffer_ += bytes;
    return buffer_.size() < kBufferSize ? Status() : flush();
}

Status SegmentWriter::add_key() {
    ByteWriter writer(keys_frame_);
    writer.varint(series_ - keys_last_);
    writer.varint(key_.size());
    writer.bytes(key_);
    keys_last_ = series_;
    return keys_frame_.size() < kKeysFrameSize ? Status() : close_keys_frame();
}

Status SegmentWriter::close_keys_frame() {
    if (keys_frame_.empty()) return {};
    std::string stored(ZSTD_compressBound(keys_frame_.size()), '\0');
    const size_t size = ZSTD_compress(stored.data(), stored.size(), keys_frame_.data(),
                                      keys_frame_.size(), kKeysLevel);
    if (ZSTD_isError(size) != 0) return {Code::internal, "BUG: zstd: not enough room"};
    stored.resize(size);
    ByteWriter writer(keys_);
    writer.put(static_cast<uint32_t>(size));
    writer.put(static_cast<uint32_t>(keys_frame_.size()));
    writer.put(checksum(stored, seed_));
    writer.bytes(stored);
    keys_frame_.clear();
    keys_last_ = 0;
    return {};
}

void SegmentWriter::close_leaf(LeafWriter &leaf) {
    if (leaf.empty()) return;
    LeafEntry entry;
    const std::string bytes = leaf.take(entry);
    entry.offset = index_.size();
    entry.sum = chunk_sum(bytes, seed_, entry.offset);
    index_ += bytes;
    (entry.packed != 0 ? packed_leaves_ : own_leaves_).push_back(entry);
}

uint32_t SegmentWriter::shape_position(const Shape &shape) {
    const auto [at, made] = shapes_.emplace(shape, static_cast<uint32_t>(shape_columns_.size()));
    if (!made) return at->second;
    auto &positions = shape_columns_.emplace_back();
    for (const Column *column : shape) {
        const auto [known, fresh] =
            column_positions_.emplace(column, static_cast<uint32_t>(columns_.size()));
        if (fresh) columns_.push_back(column);
        positions.push_back(known->second);
    }
    return at->second;
}

std::string SegmentWriter::render_schema() const {
    std::string out;
    ByteWriter writer(out);
    writer.put(static_cast<uint32_t>(columns_.size()));
    for (const Column *column : columns_) {
        writer.text(column->measurement);
        writer.text(column->name);
        writer.put(static_cast<uint8_t>(column->type));
    }
    writer.put(static_cast<uint32_t>(shape_columns_.size()));
    for (const auto &positions : shape_columns_) {
        writer.put(static_cast<uint32_t>(positions.size()));
        for (const uint32_t position : positions) writer.put(position);
    }
    return out;
}

Status SegmentWriter::append_section(SectionKind kind, std::string_view bytes) {
    const uint64_t offset = buffer_offset_ + buffer_.size();
    footer_.sections[kind - 1] = {kind, 0, offset, bytes.size(), checksum(bytes, seed_)};
    buffer_ += bytes;
    return flush();
}

Status SegmentWriter::write_sections() {
    VARVE_RETURN_IF_ERROR(append_section(kIndexSection, index_));
    VARVE_RETURN_IF_ERROR(append_section(kStatsSection, stats_));
    VARVE_RETURN_IF_ERROR(append_section(kKeysSection, keys_));
    std::string codebooks;
    codebooks_.render(codebooks);
    VARVE_RETURN_IF_ERROR(append_section(kCodebooksSection, codebooks));
    VARVE_RETURN_IF_ERROR(append_section(kSchemaSection, render_schema()));
    std::string filter;
    filter_.serialise(filter);
    VARVE_RETURN_IF_ERROR(append_section(kFilterSection, filter));
    std::string root;
    ByteWriter writer(root);
    writer.put(static_cast<uint32_t>(own_leaves_.size() + packed_leaves_.size()));
    writer.put(uint32_t{0});
    for (const LeafEntry &leaf : own_leaves_) writer.put(leaf);
    for (const LeafEntry &leaf : packed_leaves_) writer.put(leaf);
    return append_section(kRootSection, root);
}

std::string SegmentWriter::header_page(const Lsns &lsns) const {
    SegmentHeader header;
    header.uuid = info_.uuid;
    header.db_id = shard_.db_id;
    header.rp_id = shard_.rp_id;
    header.shard_id = shard_.shard_id;
    header.from_ns = shard_.from_ns;
    header.to_ns = shard_.to_ns;
    header.lsn_min = lsns.min;
    header.lsn_max = lsns.max;
    header.applied_lsn = lsns.applied;
    header.time_min = info_.time_min;
    header.time_max = info_.time_max;
    header.flags = tier_ == Tier::dense ? kDenseTier : 0;
    std::string names;
    ByteWriter writer(names);
    writer.text(shard_.db_name.substr(0, 1024));
    writer.text(shard_.rp_name.substr(0, 1024));
    return render_page(header, names, seed_);
}

Result<SegmentInfo> SegmentWriter::finish(const Lsns &lsns) {
    if (Status status = close_series(); !status.ok()) return status;
    if (Status status = write_pools(1); !status.ok()) return status;
    close_leaf(own_leaf_);
    close_leaf(packed_leaf_);
    if (Status status = close_keys_frame(); !status.ok()) return status;
    filter_.run_optimise();
    footer_.uuid = info_.uuid;
    const auto write_rest = [&]() -> Status {
        VARVE_RETURN_IF_ERROR(write_sections());
        footer_.file_size = buffer_offset_ + buffer_.size() + kPageSize;
        buffer_ += render_page(footer_, {}, seed_);
        VARVE_RETURN_IF_ERROR(flush());
        VARVE_RETURN_IF_ERROR(file_.write(0, header_page(lsns)));
        VARVE_RETURN_IF_ERROR(file_.sync());
        VARVE_RETURN_IF_ERROR(files_.rename(path_ + ".tmp", path_));
        finished_ = true;
        return files_.sync_directory(parent_of(path_));
    };
    if (Status status = write_rest(); !status.ok()) return status;
    info_.size_bytes = footer_.file_size;
    info_.lsn_min = lsns.min;
    info_.lsn_max = lsns.max;
    info_.row_count = footer_.row_count;
    return info_;
}

}  // namespace varve::strata
