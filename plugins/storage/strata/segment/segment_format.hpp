// The bytes of a segment, "s-<id>.vseg". docs/format/segment.md says the same in prose.
//
//   header page, 4096 bytes: SegmentHeader, then db and rp name (u32 length, bytes), zeros,
//                            at 4088 u64 XXH3-64 of bytes 0..4088
//   column chunks, each at a multiple of 64
//   sections, each at a multiple of 64:
//     SCHEMA  u32 count; per column: u32+text measurement, u32+text name, u8 type
//     KEYS    u32 count; per series: SeriesEntry, u32+text key; ascending by key
//     INDEX   per series its blocks, ascending in time: BlockHeader, then ChunkEntry ×
//     column_count,
//             then varve-block-stats × (columns with kHasStats)
//   footer page, 4096 bytes: SegmentFooter with one entry per section, zeros,
//                            at 4088 u64 XXH3-64 of bytes 0..4088
//
// All checksums are seeded: pages and sections with the uuid's seed; a chunk's 32-bit checksum is
// the low half of XXH3-64 of its bytes, seeded with seed + offset, so a chunk in the wrong place is
// noticed.
//
// A chunk, raw codec: kHasNulls: ⌈rows/64⌉ u64 words of validity, LSB first, zeros up to a multiple
// of 64 bytes. Then the values: 8 bytes each for numbers, 1 for booleans; for strings u32 × (rows +
// 1) offsets from 0 and the bytes. A time chunk is 8 bytes a row. Null slots are zero, null strings
// empty.
#pragma once

#include <varve/kind/storage.h>

#include "storage/strata/files/files.hpp"

namespace varve::strata {

inline constexpr uint32_t kSegmentMagic = 0x47455356;        // "VSEG"
inline constexpr uint32_t kSegmentFooterMagic = 0x444e4556;  // "VEND"
inline constexpr uint32_t kSegmentVersion = 1;
inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kChunkAlignment = 64;
inline constexpr uint32_t kStatsRowsMin = 8;  // shorter blocks keep no statistics

enum SectionKind : uint32_t { kSchemaSection = 1, kKeysSection = 2, kIndexSection = 3 };
inline constexpr uint32_t kSectionCount = 3;

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
};
static_assert(sizeof(SegmentHeader) == 104, "written as it lies in memory");

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
    uint64_t block_count = 0;
    uint64_t row_count = 0;
    uint64_t value_count = 0;
    uint32_t section_count = kSectionCount;
    uint32_t reserved = 0;
    SectionEntry sections[kSectionCount];
};
static_assert(sizeof(SegmentFooter) == 72 + kSectionCount * 32, "written as it lies in memory");

struct SeriesEntry {
    uint64_t index_offset = 0;  // inside the INDEX section
    uint32_t index_size = 0;
    uint32_t block_count = 0;
    int64_t time_min = 0;
    int64_t time_max = 0;
};
static_assert(sizeof(SeriesEntry) == 32, "written as it lies in memory");

struct ChunkEntry {
    uint64_t offset = 0;
    uint32_t size = 0;
    uint32_t sum = 0;
    uint32_t column = 0;  // position in SCHEMA; the time chunk has UINT32_MAX
    uint8_t codec = 0;    // 0 = raw
    uint8_t flags = 0;
    uint16_t reserved = 0;
};
static_assert(sizeof(ChunkEntry) == 24, "written as it lies in memory");
inline constexpr uint8_t kHasNulls = 1;
inline constexpr uint8_t kHasStats = 2;

struct BlockHeader {
    int64_t time_min = 0;
    int64_t time_max = 0;
    uint32_t row_count = 0;
    uint32_t column_count = 0;
    ChunkEntry time;
};
static_assert(sizeof(BlockHeader) == 48 && sizeof(varve_block_stats) == 80, "likewise");

// The bytes of the validity words in a chunk.
inline uint64_t validity_size(uint64_t row_count) {
    return (row_count + 511) / 512 * kChunkAlignment;
}

inline uint32_t chunk_sum(std::string_view bytes, uint64_t seed, uint64_t offset) {
    return static_cast<uint32_t>(checksum(bytes, seed + offset));
}

}  // namespace varve::strata
