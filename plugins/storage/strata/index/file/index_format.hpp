// The bytes of an index file, "i-<number>.vidx". docs/format/index.md says the same in prose.
//
// The file is a sequence of pages of 16 KiB:
//
//   page 0        IndexHeader; at 1024 u64 sum × sum page count; the last 8 bytes: the page's own
//   data pages    the sections, one behind the other, each at a multiple of 64
//   sum pages     u64 sum × data page count
//
// A page's sum is XXH3-64 of its bytes, seeded with the uuid's seed + the page's number; the
// header's leaves out the last 8 bytes. So the header vouches for the sum pages and they for the
// data, and a page is only ever checked when it is first touched.
//
// Sections ("varint" as in varint.hpp; a series' numbers are "ids", all in [id_min, id_end)):
//
//   HASH        buckets of 64 bytes: 8 × { u32 fingerprint, u32 id }, an id of kNoSeries = free.
//               A key with hash h starts at bucket (h >> 32) * bucket_count >> 32, has the
//               fingerprint (u32)h and lies there or behind it (around the end), before the first
//               bucket with a free slot.
//   BLOCKS      SeriesBlock × n, ascending by first_id
//   SERIES      blocks of up to 64 series, ascending by id: u8 1 when the ids have gaps, then per
//               series: with gaps a varint (id - previous id - 1; the first: 0), varint shape,
//               varint value per column of the shape
//   SHAPE_DIR   u32 offset × (shape count + 1) into SHAPES
//   SHAPES      varint measurement, varint column × n; columns ascend by tag key
//   COLUMNS     ColumnEntry × n. Column 0 is the names of the measurements, 1 the tag keys, the
//               others the values of one tag of one measurement, by (measurement, key)
//   FIRST       u32 × (measurement count + 1): a measurement's first column
//   VALUE_DIR   u32 × n: per column the offsets of its blocks from ColumnEntry.values
//   VALUES      per column blocks of 32 values, ascending: varint size of the texts; the texts: the
//               first as varint size and bytes, others as varint shared with the one before, varint
//               size, bytes of the rest; then the values' postings
//   POSTINGS    portable Roaring bitmaps of ids
//
// A posting: varint count; up to 4: varint id - id_min, then varint differences; more: varint
// offset into POSTINGS, varint size.
#pragma once

#include "storage/strata/files/bytes.hpp"

namespace varve::strata {

inline constexpr uint32_t kNoSeries = UINT32_MAX;

inline constexpr uint32_t kIndexMagic = 0x58444956;  // "VIDX"
inline constexpr uint32_t kIndexVersion = 1;
inline constexpr uint64_t kIndexPageSize = 16384;
inline constexpr uint64_t kIndexAlignment = 64;
inline constexpr uint64_t kSumsPerPage = kIndexPageSize / 8;
inline constexpr uint64_t kHeaderSumsOffset = 1024;
inline constexpr uint64_t kSumPagesMax = (kIndexPageSize - kHeaderSumsOffset) / 8 - 1;

inline constexpr uint32_t kSeriesPerBlock = 64;
inline constexpr uint32_t kValuesPerBlock = 32;
inline constexpr uint32_t kInlineIdsMax = 4;
inline constexpr uint32_t kMeasurementsColumn = 0;
inline constexpr uint32_t kTagKeysColumn = 1;
inline constexpr uint32_t kFirstTagColumn = 2;

enum IndexSection : uint32_t {
    kHashSection,
    kBlocksSection,
    kSeriesSection,
    kShapeDirSection,
    kShapesSection,
    kColumnsSection,
    kFirstSection,
    kValueDirSection,
    kValuesSection,
    kPostingsSection,
    kIndexSectionCount
};

struct SectionPlace {
    uint64_t offset = 0;  // in the file
    uint64_t size = 0;
};

struct PostingPlace {
    uint64_t offset = 0;  // in POSTINGS
    uint32_t size = 0;
    uint32_t count = 0;
};

struct IndexHeader {
    uint32_t magic = kIndexMagic;
    uint32_t version = kIndexVersion;
    Uuid uuid;
    uint64_t hash_seed = 0;
    uint64_t file_size = 0;
    uint64_t data_page_count = 0;  // without page 0
    uint32_t series_count = 0;
    uint32_t id_min = 0;
    uint32_t id_end = 0;
    uint32_t bucket_count = 0;
    uint32_t block_count = 0;
    uint32_t shape_count = 0;
    uint32_t column_count = 0;
    uint32_t measurement_count = 0;
    PostingPlace all;  // every id of the file
    SectionPlace sections[kIndexSectionCount];
};
static_assert(sizeof(IndexHeader) == 256 && sizeof(IndexHeader) <= kHeaderSumsOffset,
              "written as it lies in memory");

struct HashSlot {
    uint32_t fingerprint = 0;
    uint32_t id = kNoSeries;
};
inline constexpr uint32_t kSlotsPerBucket = 8;

struct SeriesBlock {
    uint64_t offset = 0;  // in SERIES
    uint32_t first_id = 0;
    uint32_t count = 0;
};
static_assert(sizeof(SeriesBlock) == 16, "written as it lies in memory");

struct ColumnEntry {
    uint32_t measurement = 0;
    uint32_t key = 0;  // the tag's place in column 1
    uint32_t value_count = 0;
    uint32_t reserved = 0;
    uint64_t directory = 0;  // place in VALUE_DIR, counted in entries
    uint64_t values = 0;     // offset in VALUES
    PostingPlace present;    // the series that have the tag
};
static_assert(sizeof(ColumnEntry) == 48, "written as it lies in memory");

inline uint64_t page_sum(std::string_view bytes, uint64_t uuid_seed, uint64_t page) {
    return checksum(bytes, uuid_seed + page);
}

inline uint32_t bucket_of(uint64_t hash, uint32_t bucket_count) {
    return static_cast<uint32_t>((hash >> 32) * bucket_count >> 32);
}

}  // namespace varve::strata
