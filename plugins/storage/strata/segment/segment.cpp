#include "storage/strata/segment/segment.hpp"

#include <algorithm>

#include <zstd.h>

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

Result<std::shared_ptr<Segment>> Segment::open(const Files &files, const std::string &path,
                                               std::shared_ptr<IndexCache> cache) {
    std::shared_ptr<Segment> segment(new Segment(files, path, std::move(cache)));
    auto file = files.open(path, VARVE_FILE_READ);
    if (!file.ok()) return file.status();
    segment->file_ = std::move(*file);
    Status status = segment->read_pages();
    if (status.ok()) status = segment->read_resident();
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
    uint64_t end = kPageSize;
    for (uint32_t i = 0; i < kSectionCount; ++i) {
        const SectionEntry &section = footer_.sections[i];
        if (section.kind != i + 1 || section.offset < end || section.offset > *size ||
            section.size > *size - kPageSize - section.offset) {
            return damaged("the section table makes no sense");
        }
        end = section.offset + section.size;
    }
    return {};
}

// The resident sections lie one behind the other: one read.
Status Segment::read_resident() {
    const uint64_t from = footer_.sections[kFirstResident - 1].offset;
    std::string bytes(footer_.file_size - kPageSize - from, '\0');
    VARVE_RETURN_IF_ERROR(file_.read_exactly(from, bytes.data(), bytes.size()).with_context(path_));
    const auto section = [&](SectionKind kind) {
        const SectionEntry &entry = footer_.sections[kind - 1];
        return std::string_view(bytes).substr(entry.offset - from, entry.size);
    };
    for (uint32_t kind = kFirstResident; kind <= kSectionCount; ++kind) {
        if (checksum(section(SectionKind(kind)), seed_) != footer_.sections[kind - 1].sum) {
            return damaged("section " + std::to_string(kind) + " is damaged");
        }
    }
    auto codebooks = Codebooks::parse(section(kCodebooksSection));
    if (!codebooks.ok()) return damaged(codebooks.status().text());
    codebooks_ = std::move(*codebooks);
    schema_bytes_ = section(kSchemaSection);
    VARVE_RETURN_IF_ERROR(parse_schema(schema_bytes_));
    auto filter = Bitmap::parse(section(kFilterSection));
    if (!filter.ok()) return damaged(filter.status().text());
    filter_ = std::move(*filter);
    return parse_root(section(kRootSection));
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
    const auto shapes = reader.get<uint32_t>();
    for (uint32_t i = 0; i < shapes && reader.ok(); ++i) {
        const auto columns = reader.get<uint32_t>();
        auto &positions = shapes_.emplace_back();
        for (uint32_t c = 0; c < columns && reader.ok(); ++c) {
            positions.push_back(reader.get<uint32_t>());
            if (positions.back() >= schema_.size()) return damaged("a shape makes no sense");
        }
        if (positions.empty()) return damaged("a shape without columns");
    }
    return reader.ok() && reader.at_end() ? Status() : damaged("the schema makes no sense");
}

Status Segment::parse_root(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto count = reader.get<uint32_t>();
    reader.get<uint32_t>();
    if (!reader.ok() || reader.left() != uint64_t{count} * sizeof(LeafEntry)) {
        return damaged("the root of the block index makes no sense");
    }
    const uint64_t index_size = footer_.sections[kIndexSection - 1].size;
    root_.resize(count);
    for (LeafEntry &leaf : root_) {
        leaf = reader.get<LeafEntry>();
        const LeafEntry *before = &leaf == root_.data() ? nullptr : &leaf - 1;
        const bool ordered = before == nullptr || leaf.packed > before->packed ||
                             (leaf.packed == before->packed &&
                              (leaf.packed != 0 || leaf.series_first >= before->series_first));
        if (!ordered || leaf.series_first > leaf.series_last || leaf.offset > index_size ||
            leaf.size > index_size - leaf.offset) {
            return damaged("the root of the block index makes no sense");
        }
        if (leaf.packed == 0) ++own_leaves_;
    }
    return {};
}

SegmentInfo Segment::info(uint64_t segment_id) const {
    return {segment_id,      header_.uuid,     footer_.file_size, header_.lsn_min,
            header_.lsn_max, header_.time_min, header_.time_max,  footer_.row_count};
}

// Reads a chunk whose offset counts from `base`, where `limit` bytes lie.
Status Segment::read_checked(uint64_t base, uint64_t limit, const ChunkPlace &place,
                             char *out) const {
    if (place.offset > limit || place.size > limit - place.offset) {
        return damaged("a chunk lies outside its section");
    }
    VARVE_RETURN_IF_ERROR(
        file_.read_exactly(base + place.offset, out, place.size).with_context(path_));
    if (place.sum == chunk_sum({out, place.size}, seed_, place.offset)) return {};
    return damaged("the chunk at " + std::to_string(base + place.offset) + " is damaged");
}

Result<std::shared_ptr<const Leaf>> Segment::leaf(uint32_t position) const {
    return indexed<Leaf>(
        IndexCache::Part::leaf, 0, position, [&] { return read_leaf(position); },
        [](const Leaf &leaf) {
            uint64_t size = sizeof(Leaf) + leaf.capacity() * sizeof(GroupEntry);
            for (const GroupEntry &entry : leaf) {
                size += entry.columns.capacity() * sizeof(ChunkPlace);
            }
            return size;
        });
}

Result<std::shared_ptr<const Leaf>> Segment::read_leaf(uint32_t position) const {
    const LeafEntry &leaf = root_[position];
    const SectionEntry &section = footer_.sections[kIndexSection - 1];
    std::string bytes(leaf.size, '\0');
    const Status status = read_checked(section.offset, section.size,
                                       {leaf.offset, leaf.size, leaf.sum}, bytes.data());
    if (!status.ok()) return status;
    auto groups = parse_leaf(bytes, leaf, shapes_);
    if (!groups.ok()) return damaged(groups.status().text());
    return std::make_shared<const Leaf>(std::move(*groups));
}

Result<std::string_view> Segment::read_chunk(const ChunkPlace &place, Arena &arena) const {
    if (place.size == 0) return std::string_view();
    auto *bytes = static_cast<char *>(arena.allocate(place.size, 8));
    const uint64_t limit = footer_.sections[0].offset;
    if (Status status = read_checked(0, limit, place, bytes); !status.ok()) return status;
    return std::string_view(bytes, place.size);
}

Result<std::string_view> Segment::read_stats(const ChunkPlace &place, Arena &arena) const {
    auto *bytes = static_cast<char *>(arena.allocate(place.size, 8));
    const SectionEntry &section = footer_.sections[kStatsSection - 1];
    const Status status = read_checked(section.offset, section.size, place, bytes);
    if (!status.ok()) return status;
    return std::string_view(bytes, place.size);
}

Status Segment::read_keys(const std::function<Status(uint32_t, std::string_view)> &visit) const {
    const SectionEntry &section = footer_.sections[kKeysSection - 1];
    std::string stored;
    std::string raw;
    for (uint64_t at = 0; at < section.size;) {
        std::string head(16, '\0');
        if (section.size - at < head.size()) return damaged("the keys make no sense");
        VARVE_RETURN_IF_ERROR(
            file_.read_exactly(section.offset + at, head.data(), head.size()).with_context(path_));
        ByteReader header(head);
        const auto stored_size = header.get<uint32_t>();
        raw.resize(std::min<uint32_t>(header.get<uint32_t>(), kKeysFrameSizeMax));
        const auto sum = header.get<uint64_t>();
        at += head.size();
        if (stored_size > section.size - at) return damaged("the keys make no sense");
        stored.resize(stored_size);
        VARVE_RETURN_IF_ERROR(file_.read_exactly(section.offset + at, stored.data(), stored.size())
                                  .with_context(path_));
        at += stored.size();
        const bool sound =
            checksum(stored, seed_) == sum &&
            ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size()) == raw.size();
        if (!sound) return damaged("the keys are damaged");
        ByteReader reader(raw);
        uint32_t series = 0;
        while (!reader.at_end()) {
            series += reader.varint32();
            const std::string_view key = reader.bytes(reader.varint());
            if (!reader.ok()) return damaged("the keys make no sense");
            VARVE_RETURN_IF_ERROR(visit(series, key));
        }
    }
    return {};
}

Status Segment::verify() const {
    std::string bytes;
    for (uint32_t kind = 1; kind <= kSectionCount; ++kind) {
        const SectionEntry &section = footer_.sections[kind - 1];
        bytes.resize(section.size);
        VARVE_RETURN_IF_ERROR(
            file_.read_exactly(section.offset, bytes.data(), bytes.size()).with_context(path_));
        if (checksum(bytes, seed_) != section.sum) {
            return damaged("section " + std::to_string(kind) + " is damaged");
        }
    }
    for (uint32_t position = 0; position < root_.size(); ++position) {
        auto leaf = read_leaf(position);
        if (!leaf.ok()) return leaf.status();
        for (const GroupEntry &group : **leaf) {
            Arena arena;
            std::vector<ChunkPlace> chunks = group.columns;
            chunks.push_back(group.time);
            chunks.push_back(group.directory);
            for (const ChunkPlace &chunk : chunks) {
                auto read = read_chunk(chunk, arena);
                if (!read.ok()) return read.status();
            }
        }
    }
    return read_keys([](uint32_t, std::string_view) { return Status(); });
}

}  // namespace varve::strata
