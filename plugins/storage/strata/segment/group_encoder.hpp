// Encodes rows as the chunks of one row group.
#pragma once

#include "storage/strata/codec/codec.hpp"
#include "storage/strata/segment/group.hpp"
#include "storage/strata/segment/row_buffer.hpp"

namespace varve::strata {

// The rows of one series inside a packed group.
struct Run {
    uint32_t series = 0;
    uint32_t row_count = 0;
};

struct EncodedGroup {
    std::string directory;  // empty: a single block
    std::string time;
    std::vector<std::string> columns;  // one per column of `shape`
    std::string stats;                 // empty: none
    std::vector<const Column *> shape;
    uint32_t block_count = 1;
    uint64_t value_count = 0;
};

// How many of the buffer's rows the next group of a series takes: up to kGroupRowsMax, and if rows
// stay behind, cut where a block ends.
uint32_t group_rows(const std::vector<int64_t> &times);

// The first `row_count` rows of one series. Columns without any value are left out.
EncodedGroup encode_group(const RowBuffer &rows, uint32_t row_count, EncodeContext &context);
// Short series, one behind the other.
EncodedGroup encode_packed(const RowBuffer &rows, const std::vector<Run> &runs,
                           EncodeContext &context);

// Where the blocks of ascending times end: on the largest round interval of the wall clock that
// gives 128 to 1024 rows a block, else every 1024 rows.
std::vector<uint32_t> cut_blocks(const int64_t *times, uint32_t row_count);

}  // namespace varve::strata
