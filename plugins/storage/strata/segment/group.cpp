// An entry of a leaf, all numbers as LEB128 varints (signed ones zigzag):
//
//   series_first − the one before's; shape; row_count; block_count − 1;
//   time_min − the one before's; time_max − time_min
//   packed leaves: series_last − series_first
//   the end of the entry before's own chunks → start of this one's: signed difference
//   directory (if block_count > 1 or packed): size, u32 sum
//   time: size × 2 + 1 if it lies elsewhere; then its offset; u32 sum
//   per column: size, u32 sum      stats: size; if not 0: offset − end of the stats before, u32 sum
//
// Chunks of a group follow each other: directory, time, columns.
#include "storage/strata/segment/group.hpp"

namespace varve::strata {
namespace {

struct Ends {
    uint64_t chunks = 0;
    uint64_t stats = 0;
};

// Where the group's own chunks end.
Ends ends_of(const GroupEntry &entry) {
    Ends ends;
    for (const ChunkPlace &column : entry.columns) ends.chunks = column.offset + column.size;
    ends.stats = entry.stats.offset + entry.stats.size;
    return ends;
}

void put_place(ByteWriter &writer, const ChunkPlace &place) {
    writer.varint(place.size);
    writer.put(place.sum);
}

ChunkPlace get_place(ByteReader &reader, uint64_t &offset) {
    ChunkPlace place;
    place.offset = offset;
    place.size = reader.varint32();
    place.sum = reader.get<uint32_t>();
    offset += place.size;
    return place;
}

}  // namespace

void LeafWriter::add(const GroupEntry &entry) {
    ByteWriter writer(bytes_);
    const Ends before = ends_of(last_);
    writer.varint(entry.series_first - last_.series_first);
    writer.varint(entry.shape);
    writer.varint(entry.row_count);
    writer.varint(entry.block_count - 1);
    writer.zigzag(static_cast<int64_t>(static_cast<uint64_t>(entry.time_min) -
                                       static_cast<uint64_t>(last_.time_min)));
    writer.varint(static_cast<uint64_t>(entry.time_max) - static_cast<uint64_t>(entry.time_min));
    if (entry.packed) writer.varint(entry.series_last - entry.series_first);
    const bool has_directory = entry.packed || entry.block_count > 1;
    uint64_t own = entry.columns.front().offset;
    const bool shared = entry.time.offset + entry.time.size != own;
    if (!shared) own = entry.time.offset;
    if (has_directory) own = entry.directory.offset;
    writer.zigzag(static_cast<int64_t>(own - before.chunks));
    if (has_directory) put_place(writer, entry.directory);
    writer.varint(uint64_t{entry.time.size} * 2 + (shared ? 1 : 0));
    if (shared) writer.varint(entry.time.offset);
    writer.put(entry.time.sum);
    for (const ChunkPlace &column : entry.columns) put_place(writer, column);
    writer.varint(entry.stats.size);
    if (entry.stats.size != 0) {
        writer.varint(entry.stats.offset - before.stats);
        writer.put(entry.stats.sum);
    }
    if (count_++ == 0) {
        series_first_ = entry.series_first;
        series_last_ = entry.series_last;
        packed_ = entry.packed;
    }
    series_last_ = std::max(series_last_, entry.series_last);
    const ChunkPlace stats = entry.stats.size == 0 ? last_.stats : entry.stats;
    last_ = entry;
    last_.stats = stats;
}

std::string LeafWriter::take(LeafEntry &entry) {
    entry.series_first = series_first_;
    entry.series_last = series_last_;
    entry.group_count = count_;
    entry.packed = packed_ ? 1 : 0;
    entry.size = static_cast<uint32_t>(bytes_.size());
    last_ = {};
    count_ = 0;
    return std::exchange(bytes_, {});
}

Result<std::vector<GroupEntry>> parse_leaf(std::string_view bytes, const LeafEntry &leaf,
                                           const std::vector<std::vector<uint32_t>> &shapes) {
    const auto damaged = [] { return Status(Code::data_loss, "the block index makes no sense"); };
    ByteReader reader(bytes);
    if (leaf.group_count > bytes.size()) return damaged();
    std::vector<GroupEntry> groups;
    groups.reserve(leaf.group_count);
    GroupEntry last;
    for (uint32_t i = 0; i < leaf.group_count; ++i) {
        GroupEntry entry;
        const Ends before = ends_of(last);
        entry.packed = leaf.packed != 0;
        entry.series_first = last.series_first + reader.varint32();
        entry.shape = reader.varint32();
        entry.row_count = reader.varint32();
        entry.block_count = reader.varint32() + 1;
        entry.time_min = static_cast<int64_t>(static_cast<uint64_t>(last.time_min) +
                                              static_cast<uint64_t>(reader.zigzag()));
        entry.time_max =
            static_cast<int64_t>(static_cast<uint64_t>(entry.time_min) + reader.varint());
        entry.series_last = entry.series_first + (entry.packed ? reader.varint32() : 0);
        const bool sound =
            reader.ok() && entry.shape < shapes.size() && entry.row_count != 0 &&
            entry.row_count <= kGroupRowsMax && entry.block_count != 0 &&
            entry.block_count <= entry.row_count && entry.time_min <= entry.time_max &&
            entry.series_first <= entry.series_last && entry.series_first >= leaf.series_first &&
            entry.series_last <= leaf.series_last;
        if (!sound) return damaged();
        uint64_t own = before.chunks + static_cast<uint64_t>(reader.zigzag());
        if (entry.packed || entry.block_count > 1) entry.directory = get_place(reader, own);
        const uint64_t time_size = reader.varint();
        if (time_size / 2 > UINT32_MAX) return damaged();
        entry.time.size = static_cast<uint32_t>(time_size / 2);
        entry.time.offset = own;
        if (time_size % 2 != 0) {
            entry.time.offset = reader.varint();
        } else {
            own += entry.time.size;
        }
        entry.time.sum = reader.get<uint32_t>();
        entry.columns.reserve(shapes[entry.shape].size());
        for (size_t c = 0; c < shapes[entry.shape].size(); ++c) {
            entry.columns.push_back(get_place(reader, own));
        }
        entry.stats.offset = before.stats;
        entry.stats.size = reader.varint32();
        if (entry.stats.size != 0) {
            entry.stats.offset += reader.varint();
            entry.stats.sum = reader.get<uint32_t>();
        }
        if (!reader.ok()) return damaged();
        groups.push_back(std::move(entry));
        last = groups.back();
    }
    if (!reader.at_end()) return damaged();
    return groups;
}

}  // namespace varve::strata
