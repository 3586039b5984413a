#include "query/languages/influxql/text_table.hpp"

#include <algorithm>

namespace varve::query::influxql {

TextTable::TextTable(std::string name,
                     const std::vector<std::pair<std::string, exec::Type>> &columns) {
    head_.name = std::move(name);
    head_.has_time = false;
    for (const auto &[column, type] : columns) {
        head_.columns.push_back(column);
        columns_.emplace_back();
        columns_.back().reset(type, 0);
    }
}

void TextTable::set_tags(std::map<std::string, std::string> tags) {
    head_.tags.assign(tags.begin(), tags.end());
}

exec::Vector &TextTable::next_cell() {
    exec::Vector &column = columns_[cells_++ % columns_.size()];
    column.append_null(1);
    return column;
}

void TextTable::add_text(std::string text) {
    texts_.push_back(std::move(text));
    exec::Vector &cell = next_cell();
    cell.set_text(cell.valid.size() - 1, texts_.back());
}

void TextTable::add_integer(int64_t value) {
    exec::Vector &cell = next_cell();
    cell.set(cell.valid.size() - 1, static_cast<uint64_t>(value));
}

void TextTable::add_boolean(bool value) {
    exec::Vector &cell = next_cell();
    cell.set(cell.valid.size() - 1, value ? 1 : 0);
}

Status TextTable::emit(exec::RowSink &sink, bool even_empty) const {
    if (row_count() == 0 && !even_empty) return {};
    VARVE_RETURN_IF_ERROR(sink.begin_series(head_));
    return row_count() == 0 ? Status() : sink.rows({}, columns_, row_count());
}

std::pair<size_t, size_t> page(size_t size, int64_t limit, int64_t offset) {
    const size_t from = std::min(size, static_cast<size_t>(offset));
    const size_t to = limit == 0 ? size : std::min(size, from + static_cast<size_t>(limit));
    return {from, to};
}

}  // namespace varve::query::influxql
