#include "storage/strata/segment/segment.hpp"

#include <algorithm>
#include <numeric>

namespace varve::strata {
namespace {

bool page_is_sound(const std::string &page, uint64_t seed) {
    uint64_t sum = 0;
    std::memcpy(&sum, page.data() + kPageSize - 8, sizeof sum);
    return sum == checksum(std::string_view(page).substr(0, kPageSize - 8), seed);
}

}  // namespace

Status Segment::damaged(std::string_view what) const {
    return {Code::data_loss, path_ + ": " + std::string(what)};
}

Result<std::shared_ptr<Segment>> Segment::open(const Files &files, const std::string &path) {
    std::shared_ptr<Segment> segment(new Segment(files, path));
    auto file = files.open(path, VARVE_FILE_READ);
    if (!file.ok()) return file.status();
    segment->file_ = std::move(*file);
    Status status = segment->read_pages();
    if (status.ok()) status = segment->read_sections();
    if (!status.ok()) return status;
    return segment;
}

Segment::~Segment() {
    if (!remove_.load()) return;
    const Status status = files_.remove(path_);
    if (!status.ok() && status.code() != Code::not_found) {
        files_.host().log_warning("a merged segment stays behind", {{"error", status.text()}});
    }
}

Status Segment::read_pages() {
    auto size = file_.size();
    if (!size.ok()) return size.status();
    if (*size < 2 * kPageSize) return damaged("too short for a segment");
    std::string page(kPageSize, '\0');
    VARVE_RETURN_IF_ERROR(file_.read_exactly(0, page.data(), kPageSize).with_context(path_));
    std::memcpy(&header_, page.data(), sizeof header_);
    if (header_.magic != kSegmentMagic) return damaged("no segment");
    seed_ = header_.uuid.seed();
    if (!page_is_sound(page, seed_)) return damaged("the header is damaged");
    if (header_.version != kSegmentVersion) {
        return {Code::unsupported,
                path_ + ": the segment has version " + std::to_string(header_.version) +
                    "; this Varve reads version " + std::to_string(kSegmentVersion)};
    }
    VARVE_RETURN_IF_ERROR(
        file_.read_exactly(*size - kPageSize, page.data(), kPageSize).with_context(path_));
    std::memcpy(&footer_, page.data(), sizeof footer_);
    if (!page_is_sound(page, seed_) || footer_.magic != kSegmentFooterMagic ||
        footer_.uuid != header_.uuid || footer_.file_size != *size ||
        footer_.section_count != kSectionCount) {
        return damaged("the footer is damaged");
    }
    return {};
}

Status Segment::read_sections() {
    std::string *const targets[kSectionCount] = {&schema_bytes_, &keys_bytes_, &index_bytes_};
    for (uint32_t i = 0; i < kSectionCount; ++i) {
        const SectionEntry &section = footer_.sections[i];
        if (section.kind != i + 1 || section.offset > footer_.file_size ||
            section.size > footer_.file_size - section.offset) {
            return damaged("the section table makes no sense");
        }
        targets[i]->resize(section.size);
        VARVE_RETURN_IF_ERROR(file_.read_exactly(section.offset, targets[i]->data(), section.size)
                                  .with_context(path_));
        if (section.sum != checksum(*targets[i], seed_)) {
            return damaged("section " + std::to_string(section.kind) + " is damaged");
        }
    }
    VARVE_RETURN_IF_ERROR(parse_schema(schema_bytes_));
    return parse_keys(keys_bytes_);
}

Status Segment::parse_schema(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto count = reader.get<uint32_t>();
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
        SchemaColumn column{};
        column.measurement = reader.text();
        column.name = reader.text();
        column.type = reader.get<uint8_t>();
        if (column.type < VARVE_TYPE_FLOAT64 || column.type > VARVE_TYPE_BOOLEAN) {
            return damaged("a column of unknown type");
        }
        schema_.push_back(column);
    }
    return reader.ok() && reader.at_end() ? Status() : damaged("the schema makes no sense");
}

Status Segment::parse_keys(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto count = reader.get<uint32_t>();
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
        SeriesKeys series;
        series.entry = reader.get<SeriesEntry>();
        series.key = reader.text();
        if (series.entry.index_offset > index_bytes_.size() ||
            series.entry.index_size > index_bytes_.size() - series.entry.index_offset) {
            return damaged("a series points outside the index");
        }
        keys_.push_back(series);
    }
    return reader.ok() && reader.at_end() ? Status() : damaged("the keys make no sense");
}

SegmentInfo Segment::info(uint64_t segment_id) const {
    return {segment_id,      header_.uuid,     footer_.file_size, header_.lsn_min,
            header_.lsn_max, header_.time_min, header_.time_max,  footer_.row_count};
}

void Segment::bind(std::vector<const Column *> columns) {
    columns_ = std::move(columns);
    by_series_.resize(keys_.size());
    std::iota(by_series_.begin(), by_series_.end(), 0u);
    std::sort(by_series_.begin(), by_series_.end(),
              [&](uint32_t a, uint32_t b) { return keys_[a].series < keys_[b].series; });
}

const Segment::SeriesKeys *Segment::find(uint32_t series) const {
    const auto at =
        std::lower_bound(by_series_.begin(), by_series_.end(), series,
                         [&](uint32_t a, uint32_t wanted) { return keys_[a].series < wanted; });
    if (at == by_series_.end() || keys_[*at].series != series) return nullptr;
    return &keys_[*at];
}

Status Segment::blocks(const SeriesKeys &series, std::vector<BlockEntry> &out) const {
    ByteReader reader(
        std::string_view(index_bytes_).substr(series.entry.index_offset, series.entry.index_size));
    out.clear();
    for (uint32_t i = 0; i < series.entry.block_count; ++i) {
        BlockEntry &block = out.emplace_back();
        block.header = reader.get<BlockHeader>();
        if (!reader.ok() || block.header.row_count == 0 ||
            block.header.row_count > VARVE_BLOCK_ROWS_MAX ||
            block.header.column_count > schema_.size()) {
            return damaged("the block index makes no sense");
        }
        uint32_t stats = 0;
        for (uint32_t c = 0; c < block.header.column_count; ++c) {
            block.chunks.push_back(reader.get<ChunkEntry>());
            const ChunkEntry &chunk = block.chunks.back();
            if (chunk.column >= schema_.size() || chunk.codec != 0) {
                return damaged("the block index names an unknown column or codec");
            }
            const bool has_stats = (chunk.flags & kHasStats) != 0;
            block.stats_of.push_back(has_stats ? stats++ : UINT32_MAX);
        }
        for (uint32_t s = 0; s < stats; ++s) {
            block.stats.push_back(reader.get<varve_block_stats>());
        }
    }
    return reader.ok() && reader.at_end() ? Status() : damaged("the block index makes no sense");
}

Result<char *> Segment::read_chunk(const ChunkEntry &chunk, Arena &arena) const {
    if (chunk.offset > footer_.file_size || chunk.size > footer_.file_size - chunk.offset) {
        return damaged("a chunk lies outside the file");
    }
    auto *bytes = static_cast<char *>(arena.allocate(chunk.size, kChunkAlignment));
    if (Status status = file_.read_exactly(chunk.offset, bytes, chunk.size); !status.ok()) {
        return status.with_context(path_);
    }
    if (chunk.sum != chunk_sum({bytes, chunk.size}, seed_, chunk.offset)) {
        return damaged("the chunk at " + std::to_string(chunk.offset) + " is damaged");
    }
    return bytes;
}

Result<const int64_t *> Segment::read_times(const BlockEntry &block, Arena &arena) const {
    if (block.header.time.size != block.header.row_count * sizeof(int64_t)) {
        return damaged("a time chunk of the wrong size");
    }
    auto bytes = read_chunk(block.header.time, arena);
    if (!bytes.ok()) return bytes.status();
    return reinterpret_cast<const int64_t *>(*bytes);
}

Result<DecodedColumn> Segment::read_column(const BlockEntry &block, const ChunkEntry &chunk,
                                           Arena &arena) const {
    auto bytes = read_chunk(chunk, arena);
    if (!bytes.ok()) return bytes.status();
    const size_t rows = block.header.row_count;
    const uint32_t type = schema_[chunk.column].type;
    ByteReader reader({*bytes, chunk.size});
    DecodedColumn column;
    if ((chunk.flags & kHasNulls) != 0) {
        column.validity =
            reinterpret_cast<const uint64_t *>(reader.bytes(validity_size(rows)).data());
    }
    if (type == VARVE_TYPE_STRING) {
        const std::string_view offsets = reader.bytes(4 * (rows + 1));
        const std::string_view text = reader.bytes(reader.left());
        if (!reader.ok()) return damaged("a chunk is too short");
        auto *texts =
            static_cast<varve_str *>(arena.allocate(sizeof(varve_str) * rows, kChunkAlignment));
        const auto *at = reinterpret_cast<const uint32_t *>(offsets.data());
        for (size_t i = 0; i < rows; ++i) {
            if (at[i] > at[i + 1] || at[i + 1] > text.size()) {
                return damaged("a string lies outside its chunk");
            }
            texts[i] = str(text.substr(at[i], at[i + 1] - at[i]));
        }
        column.values = texts;
        return column;
    }
    const std::string_view values = reader.bytes(rows * (type == VARVE_TYPE_BOOLEAN ? 1 : 8));
    if (!reader.ok() || !reader.at_end()) return damaged("a chunk of the wrong size");
    column.values = values.data();
    return column;
}

}  // namespace varve::strata
