#include "storage/strata/segment/segment_writer.hpp"

#include <algorithm>

#include "storage/common/block_stats.hpp"

namespace varve::strata {
namespace {

constexpr uint64_t kBufferSize = 1 << 20;

uint32_t valid_count(const varve_column &column, uint32_t row_count) {
    if (column.validity == nullptr) return row_count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_count; ++i) {
        count += static_cast<uint32_t>(column.validity[i / 64] >> (i % 64) & 1);
    }
    return count;
}

std::string raw_chunk(const varve_column &column, uint32_t row_count, bool has_nulls) {
    std::string out;
    ByteWriter writer(out);
    if (has_nulls) {
        writer.bytes({reinterpret_cast<const char *>(column.validity), (row_count + 63) / 64 * 8});
        writer.align(kChunkAlignment);
    }
    if (column.type == VARVE_TYPE_STRING) {
        const auto *texts = static_cast<const varve_str *>(column.values);
        uint32_t offset = 0;
        for (uint32_t i = 0; i < row_count; ++i) {
            writer.put(offset);
            offset += texts[i].size;
        }
        writer.put(offset);
        for (uint32_t i = 0; i < row_count; ++i) writer.bytes(view(texts[i]));
    } else {
        const size_t width = column.type == VARVE_TYPE_BOOLEAN ? 1 : 8;
        writer.bytes({static_cast<const char *>(column.values), width * row_count});
    }
    return out;
}

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
                             uint64_t id)
    : files_(files), path_(std::move(path)), shard_(shard) {
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

void SegmentWriter::begin_series(std::string_view key) {
    close_series();
    key_ = key;
    series_ = SeriesEntry{index_.size(), 0, 0, INT64_MAX, INT64_MIN};
}

void SegmentWriter::close_series() {
    if (series_.block_count == 0) return;
    series_.index_size = static_cast<uint32_t>(index_.size() - series_.index_offset);
    ByteWriter writer(keys_);
    writer.put(series_);
    writer.text(key_);
    ++footer_.series_count;
    series_.block_count = 0;
}

uint32_t SegmentWriter::column_position(const Column *column) {
    const auto [at, made] = positions_.emplace(column, static_cast<uint32_t>(columns_.size()));
    if (made) columns_.push_back(column);
    return at->second;
}

Status SegmentWriter::flush() {
    VARVE_RETURN_IF_ERROR(file_.write(buffer_offset_, buffer_));
    buffer_offset_ += buffer_.size();
    buffer_.clear();
    return {};
}

Status SegmentWriter::append_chunk(std::string_view bytes, ChunkEntry &entry) {
    const uint64_t unaligned = buffer_offset_ + buffer_.size();
    const uint64_t offset = (unaligned + kChunkAlignment - 1) / kChunkAlignment * kChunkAlignment;
    buffer_.resize(offset - buffer_offset_, '\0');
    entry.offset = offset;
    entry.size = static_cast<uint32_t>(bytes.size());
    entry.sum = chunk_sum(bytes, seed_, offset);
    buffer_ += bytes;
    return buffer_.size() < kBufferSize ? Status() : flush();
}

Status SegmentWriter::add_block(const BlockRows &rows) {
    BlockHeader header;
    header.time_min = rows.times[0];
    header.time_max = rows.times[rows.row_count - 1];
    header.row_count = rows.row_count;
    header.time.column = UINT32_MAX;
    VARVE_RETURN_IF_ERROR(append_chunk(
        {reinterpret_cast<const char *>(rows.times), size_t{8} * rows.row_count}, header.time));
    std::vector<ChunkEntry> entries;
    std::vector<varve_block_stats> stats;
    for (size_t i = 0; i < rows.columns.size(); ++i) {
        const varve_column &column = rows.values[i];
        const uint32_t valid = valid_count(column, rows.row_count);
        if (valid == 0) continue;
        ChunkEntry &entry = entries.emplace_back();
        entry.column = column_position(rows.columns[i]);
        if (valid < rows.row_count) entry.flags |= kHasNulls;
        if (rows.row_count >= kStatsRowsMin) {
            entry.flags |= kHasStats;
            stats.push_back(storage::block_stats(column.type, column.values, column.validity,
                                                 rows.times, rows.row_count));
        }
        VARVE_RETURN_IF_ERROR(
            append_chunk(raw_chunk(column, rows.row_count, valid < rows.row_count), entry));
        footer_.value_count += valid;
    }
    header.column_count = static_cast<uint32_t>(entries.size());
    ByteWriter writer(index_);
    writer.put(header);
    for (const ChunkEntry &entry : entries) writer.put(entry);
    for (const varve_block_stats &one : stats) writer.put(one);
    ++series_.block_count;
    ++footer_.block_count;
    footer_.row_count += rows.row_count;
    series_.time_min = std::min(series_.time_min, header.time_min);
    series_.time_max = std::max(series_.time_max, header.time_max);
    info_.time_min = std::min(info_.time_min, header.time_min);
    info_.time_max = std::max(info_.time_max, header.time_max);
    return {};
}

Status SegmentWriter::append_section(SectionKind kind, std::string_view bytes,
                                     SegmentFooter &footer) {
    ChunkEntry place;
    VARVE_RETURN_IF_ERROR(append_chunk(bytes, place));
    footer.sections[kind - 1] = {kind, 0, place.offset, bytes.size(), checksum(bytes, seed_)};
    return {};
}

std::string SegmentWriter::header_page(uint64_t lsn_min, uint64_t lsn_max) const {
    SegmentHeader header;
    header.uuid = info_.uuid;
    header.db_id = shard_.db_id;
    header.rp_id = shard_.rp_id;
    header.shard_id = shard_.shard_id;
    header.from_ns = shard_.from_ns;
    header.to_ns = shard_.to_ns;
    header.lsn_min = lsn_min;
    header.lsn_max = lsn_max;
    header.time_min = info_.time_min;
    header.time_max = info_.time_max;
    std::string names;
    ByteWriter writer(names);
    writer.text(shard_.db_name.substr(0, 1024));
    writer.text(shard_.rp_name.substr(0, 1024));
    return render_page(header, names, seed_);
}

Result<SegmentInfo> SegmentWriter::finish(uint64_t lsn_min, uint64_t lsn_max) {
    close_series();
    std::string schema;
    ByteWriter schema_writer(schema);
    schema_writer.put(static_cast<uint32_t>(columns_.size()));
    for (const Column *column : columns_) {
        schema_writer.text(column->measurement);
        schema_writer.text(column->name);
        schema_writer.put(static_cast<uint8_t>(column->type));
    }
    std::string keys;
    ByteWriter(keys).put(static_cast<uint32_t>(footer_.series_count));
    keys += keys_;
    footer_.uuid = info_.uuid;
    const auto write_rest = [&]() -> Status {
        VARVE_RETURN_IF_ERROR(append_section(kSchemaSection, schema, footer_));
        VARVE_RETURN_IF_ERROR(append_section(kKeysSection, keys, footer_));
        VARVE_RETURN_IF_ERROR(append_section(kIndexSection, index_, footer_));
        buffer_.resize((buffer_.size() + kChunkAlignment - 1) / kChunkAlignment * kChunkAlignment,
                       '\0');
        footer_.file_size = buffer_offset_ + buffer_.size() + kPageSize;
        buffer_ += render_page(footer_, {}, seed_);
        VARVE_RETURN_IF_ERROR(flush());
        VARVE_RETURN_IF_ERROR(file_.write(0, header_page(lsn_min, lsn_max)));
        VARVE_RETURN_IF_ERROR(file_.sync());
        VARVE_RETURN_IF_ERROR(files_.rename(path_ + ".tmp", path_));
        finished_ = true;
        return files_.sync_directory(parent_of(path_));
    };
    if (Status status = write_rest(); !status.ok()) return status;
    info_.size_bytes = footer_.file_size;
    info_.lsn_min = lsn_min;
    info_.lsn_max = lsn_max;
    info_.row_count = footer_.row_count;
    return info_;
}

}  // namespace varve::strata
