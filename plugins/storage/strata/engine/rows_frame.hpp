// Rows of one write as the log keeps them and as the memtable takes them in.
//
// payload of a ROWS frame, everything aligned as written here, counted from the payload's start:
//   u64 db   u64 rp   u32 part count   u32 zero
//   part, at a multiple of 8:
//     u64 shard   i64 from   i64 to   u32 rows   u32 series   u32 named series   u32 columns
//     u32+text measurement
//     named: u32 position, u32+text key: the keys that no file of the index holds yet
//     then, at multiples of 8: u32 × series ids, u32 × rows positions of series, i64 × rows times,
//     u32 × rows ordinals, then the columns, each at a multiple of 8:
//     column: u32 type   u32 has validity   u32+text name, then at multiples of 8
//             u64 × ⌈rows/64⌉ validity if it has one; the values: 8 bytes each, booleans 1;
//             strings u32 × rows lengths, then their bytes
// payload of TOMBSTONE: u64 db, rp (0 = all), then scan/tombstone.hpp's bytes, whose LSN is the
// frame's payload of SHARD_DROP: u64 db, rp, shard; of DATABASE_DROP: u64 db, rp (0 = all)
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "storage/common/write_plan.hpp"
#include "storage/strata/files/bytes.hpp"
#include "storage/strata/index/series_index.hpp"

namespace varve::strata {

struct RowsColumn {
    std::string_view name;
    uint32_t type = 0;         // as stored
    uint32_t source_type = 0;  // as in `values`; an integer type where it is to be widened
    const void *values = nullptr;
    const uint64_t *validity = nullptr;
    bool known = false;  // the shard's schema has it
};

// The rows of one table in one shard. A view.
struct RowsPart {
    uint64_t shard_id = 0;
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    std::string_view measurement;
    std::span<const uint32_t> series;                          // ids; kNoSeries where no row has it
    std::vector<std::pair<uint32_t, std::string_view>> named;  // position in `series` → key
    const uint32_t *key_index = nullptr;                       // row → position in `series`
    const int64_t *times = nullptr;
    const uint32_t *ordinals = nullptr;  // null: the row's position
    const uint32_t *rows = nullptr;      // which ones; null: all
    uint32_t row_count = 0;
    std::vector<RowsColumn> columns;

    uint32_t row(uint32_t i) const { return rows == nullptr ? i : rows[i]; }
    uint32_t ordinal(uint32_t at) const { return ordinals == nullptr ? at : ordinals[at]; }
};

struct Rows {
    uint64_t db_id = 0;
    uint64_t rp_id = 0;
    std::vector<RowsPart> parts;
    std::deque<std::vector<varve_str>> texts;  // of decoded string columns
};

// The accepted rows of a plan, as views into batch and plan.
Rows rows_of_plan(const varve_batch &batch, const varve_write_opts &opts,
                  const storage::WritePlan &plan, SeriesIndex &index);

std::string encode_rows(const Rows &rows);
// Views into the payload, which must be aligned to 8. Pure; data_loss when it makes no sense.
Result<Rows> decode_rows(std::string_view payload);

// Whether the values are as they are stored, 8 bytes each.
inline bool is_plain(const RowsColumn &column) {
    return column.type == column.source_type && column.type != VARVE_TYPE_BOOLEAN &&
           column.type != VARVE_TYPE_STRING;
}

// The 8 bytes of a number or boolean as it is stored; not for strings.
uint64_t word_of(const RowsColumn &column, uint32_t row);

}  // namespace varve::strata
