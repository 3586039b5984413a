// Rows on their way into a segment: times and columns, growing at the end, taken off at the front.
#pragma once

#include <vector>

#include <varve/kind/storage.h>

#include "storage/strata/memtable/memtable.hpp"

namespace varve::strata {

// Rows of one series, ascending in time, with one typed column per varve_column. A view.
struct BlockRows {
    uint32_t row_count = 0;
    const int64_t *times = nullptr;
    std::vector<const Column *> columns;
    std::vector<varve_column> values;  // like `columns`
};

struct ColumnBuffer {
    const Column *column = nullptr;
    std::vector<uint64_t> words;     // numbers and booleans
    std::vector<varve_str> texts;    // strings; the bytes are the buffer's
    std::vector<uint64_t> validity;  // LSB first, as many words as the rows need

    bool is_text() const { return column->type == VARVE_TYPE_STRING; }
    bool valid(uint32_t row) const { return (validity[row / 64] >> (row % 64) & 1) != 0; }
};

// Valid rows among [from, to).
uint32_t count_valid(const std::vector<uint64_t> &validity, uint32_t from, uint32_t to);

class RowBuffer {
  public:
    // Forgets everything.
    void reset(std::vector<const Column *> columns);
    // Forgets the rows, keeps the columns.
    void clear();
    // `rows.columns` must be the buffer's.
    void append(const BlockRows &rows);
    // The other's rows with just this buffer's columns, which must all be among the other's.
    void append(const RowBuffer &other);
    void drop_front(uint32_t count);

    uint32_t row_count() const { return static_cast<uint32_t>(times_.size()); }
    const std::vector<int64_t> &times() const { return times_; }
    const std::vector<ColumnBuffer> &columns() const { return columns_; }
    uint64_t size_bytes() const;

  private:
    void append_column(ColumnBuffer &target, const varve_column &source, uint32_t row_count);
    varve_str keep(varve_str text);

    std::vector<int64_t> times_;
    std::vector<ColumnBuffer> columns_;
    Arena texts_;
};

}  // namespace varve::strata
