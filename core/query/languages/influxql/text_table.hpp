// Small tables of SHOW statements, handed to an encoder.
#pragma once

#include <deque>
#include <map>

#include "query/exec/rows/row_sink.hpp"

namespace varve::query::influxql {

// One series without time. Cells are added row by row; texts are kept.
class TextTable {
  public:
    TextTable(std::string name, const std::vector<std::pair<std::string, exec::Type>> &columns);

    void set_tags(std::map<std::string, std::string> tags);
    void add_text(std::string text);
    void add_integer(int64_t value);
    void add_boolean(bool value);
    // The texts of the last column are lists, each element ended by a line break.
    void make_last_column_lists() { head_.has_list = true; }
    size_t row_count() const { return cells_ / columns_.size(); }
    // Gives the series to the sink. Without rows it is given only if `even_empty`.
    Status emit(exec::RowSink &sink, bool even_empty = false) const;

  private:
    exec::Vector &next_cell();

    exec::SeriesHead head_;
    std::vector<exec::Vector> columns_;
    std::deque<std::string> texts_;
    size_t cells_ = 0;
};

// OFFSET and LIMIT over a list: the positions [first, second) to show.
std::pair<size_t, size_t> page(size_t size, int64_t limit, int64_t offset);

}  // namespace varve::query::influxql
