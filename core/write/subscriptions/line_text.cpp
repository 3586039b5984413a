#include "write/subscriptions/line_text.hpp"

#include <algorithm>
#include <charconv>

#include <varve/cpp/bytes.hpp>

#include "model/series_key.hpp"

namespace varve {
namespace {

struct RowPlace {
    uint32_t ordinal;
    uint32_t table;
    uint32_t row;
};

bool is_kept(const varve_table &table, uint32_t row) {
    return table.keep == nullptr || ((table.keep[row / 64] >> (row % 64)) & 1) != 0;
}

bool is_valid(const varve_column &column, uint32_t row) {
    return column.validity == nullptr || ((column.validity[row / 64] >> (row % 64)) & 1) != 0;
}

template <typename T>
void append_number(std::string &out, T value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_value(std::string &out, const varve_column &column, uint32_t row) {
    switch (column.type) {
        case VARVE_TYPE_FLOAT64:
            return append_number(out, static_cast<const double *>(column.values)[row]);
        case VARVE_TYPE_INT64:
            append_number(out, static_cast<const int64_t *>(column.values)[row]);
            out += 'i';
            return;
        case VARVE_TYPE_UINT64:
            append_number(out, static_cast<const uint64_t *>(column.values)[row]);
            out += 'u';
            return;
        case VARVE_TYPE_BOOLEAN:
            out += static_cast<const uint8_t *>(column.values)[row] != 0 ? "true" : "false";
            return;
        default:
            out += '"';
            append_escaped(out, view(static_cast<const varve_str *>(column.values)[row]), "\"\\");
            out += '"';
    }
}

void append_row(std::string &out, const varve_table &table, uint32_t row) {
    out += view(table.keys[table.key_index[row]].text);
    char separator = ' ';
    for (uint32_t i = 0; i < table.column_count; ++i) {
        const varve_column &column = table.columns[i];
        if (!is_valid(column, row)) continue;
        out += separator;
        separator = ',';
        append_escaped(out, view(column.name), kEscapedInTag);
        out += '=';
        append_value(out, column, row);
    }
    out += ' ';
    append_number(out, table.times[row]);
    out += '\n';
}

}  // namespace

LineText to_line_text(const varve_batch &batch) {
    std::vector<RowPlace> rows;
    rows.reserve(batch.row_count);
    for (uint32_t t = 0; t < batch.table_count; ++t) {
        const varve_table &table = *batch.tables[t];
        for (uint32_t row = 0; row < table.row_count; ++row) {
            if (is_kept(table, row)) rows.push_back({table.ordinals[row], t, row});
        }
    }
    std::sort(rows.begin(), rows.end(),
              [](const RowPlace &a, const RowPlace &b) { return a.ordinal < b.ordinal; });
    LineText out;
    for (const RowPlace &place : rows) {
        append_row(out.text, *batch.tables[place.table], place.row);
        out.ends.push_back(out.text.size());
    }
    return out;
}

}  // namespace varve
