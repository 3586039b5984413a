// The bytes of a segment, "s-<id>.vseg". docs/format/segment.md says the same in prose.
//
//   header page, 4096 bytes: SegmentHeader, then db and rp name (u32 length, bytes), zeros,
//                            at 4088 u64 XXH3-64 of bytes 0..4088
//   chunks of row groups, one behind the other
//   sections in the order of SectionKind
//   footer page, 4096 bytes: SegmentFooter with one entry per section, zeros,
//                            at 4088 u64 XXH3-64 of bytes 0..4088
//
// A row group holds up to 8192 rows that share one time chunk and have one shape, a set of columns
// of one measurement. It belongs to one series, or is packed: short series of the same shape, one
// behind the other (a run each). It consists of blocks of at most 1024 rows: cut on wall-clock
// boundaries, or one per run. Its chunks: DIRECTORY (if there is more than one block), TIME, one
// per column, and STATS. Equal time chunks of a segment are written once.
//
// Checksums are seeded: pages and sections with the uuid's seed; a chunk's 32-bit checksum is the
// low half of XXH3-64 of its bytes, seeded with seed + offset, so a chunk in the wrong place is
// noticed.
#pragma once

#include <varve/kind/storage.h>

#include "storage/strata/files/files.hpp"

namespace varve::strata {

inline constexpr uint32_t kSegmentMagic = 0x47455356;        // "VSEG"
inline constexpr uint32_t kSegmentFooterMagic = 0x444e4556;  // "VEND"
inline constexpr uint32_t kSegmentVersion = 2;
inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kColumnAlignment = 64;  // of decoded values
inline constexpr uint32_t kGroupRowsMax = 8192;
inline constexpr uint32_t kPackedRowsMax = 255;       // of one series in packed groups
inline constexpr uint32_t kPackedStatsRowsMin = 32;   // rows per run from which on stats are kept
inline constexpr uint32_t kStatsRowsMin = 8;          // groups with fewer rows keep none
inline constexpr uint32_t kLeafSize = 16 << 10;       // of the block index, about
inline constexpr uint32_t kKeysFrameSize = 64 << 10;  // before compression, about
inline constexpr uint32_t kKeysFrameSizeMax = 1 << 20;
inline constexpr uint32_t kGroupColumnsMax = 65536;

enum SectionKind : uint32_t {
    kIndexSection = 1,      // leaves, found through ROOT
    kStatsSection = 2,      // chunks, found through INDEX
    kKeysSection = 3,       // frames: u32 stored size, u32 raw size, u64 sum, zstd of
                            // (varint id step, varint size, key)…
    kCodebooksSection = 4,  // codec/codebook.hpp
    kSchemaSection = 5,     // u32 count; per column: u32+text measurement, u32+text name, u8 type;
                            // u32 shape count; per shape: u32 count, u32 column positions
    kFilterSection = 6,     // Roaring bitmap of the series ids, portable form
    kRootSection = 7        // u32 count, u32 zero; LeafEntry…: those of own groups, then packed
};
inline constexpr uint32_t kSectionCount = 7;
inline constexpr uint32_t kFirstResident = kCodebooksSection;  // read and checked when opened

// Flags of the header.
inline constexpr uint64_t kDenseTier = 1;

struct SegmentHeader {
    uint32_t magic = kSegmentMagic;
    uint32_t version = kSegmentVersion;
    Uuid uuid;
    uint64_t db_id = 0;
    uint64_t rp_id = 0;
    uint64_t shard_id = 0;
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    uint64_t lsn_min = 0;
    uint64_t lsn_max = 0;
    int64_t time_min = 0;
    int64_t time_max = 0;
    uint64_t flags = 0;
    uint64_t applied_lsn = 0;  // deletes up to here are applied: they hide nothing in it any more
};
static_assert(sizeof(SegmentHeader) == 112, "written as it lies in memory");

struct SectionEntry {
    uint32_t kind = 0;
    uint32_t reserved = 0;
    uint64_t offset = 0;
    uint64_t size = 0;
    uint64_t sum = 0;
};

struct SegmentFooter {
    uint32_t magic = kSegmentFooterMagic;
    uint32_t version = kSegmentVersion;
    Uuid uuid;
    uint64_t file_size = 0;
    uint64_t series_count = 0;
    uint64_t group_count = 0;
    uint64_t row_count = 0;
    uint64_t value_count = 0;
    uint32_t section_count = kSectionCount;
    uint32_t series_end = 0;  // above the highest series id
    SectionEntry sections[kSectionCount];
};
static_assert(sizeof(SegmentFooter) == 72 + kSectionCount * 32, "written as it lies in memory");

// One leaf of the block index: the groups of a range of series.
struct LeafEntry {
    uint32_t series_first = 0;
    uint32_t series_last = 0;
    uint64_t offset = 0;
    uint32_t size = 0;
    uint32_t sum = 0;
    uint32_t group_count = 0;
    uint32_t packed = 0;  // 1: packed groups
};
static_assert(sizeof(LeafEntry) == 32, "written as it lies in memory");

// The low half of a checksum that depends on the place.
inline uint32_t chunk_sum(std::string_view bytes, uint64_t seed, uint64_t offset) {
    return static_cast<uint32_t>(checksum(bytes, seed + offset));
}

}  // namespace varve::strata
