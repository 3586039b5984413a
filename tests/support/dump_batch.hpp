// A batch as text, one line per row in the order of the request: "key|field=type:value,…|time".
#pragma once

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <varve/batch.h>
#include <varve/cpp/bytes.hpp>

namespace varve {

inline std::string dump_value(const varve_column &column, uint32_t row) {
    char text[64];
    switch (column.type) {
        case VARVE_TYPE_FLOAT64: {
            uint64_t bits = 0;
            std::memcpy(&bits, static_cast<const double *>(column.values) + row, 8);
            std::snprintf(text, sizeof text, "f:%.17g/%016" PRIx64,
                          static_cast<const double *>(column.values)[row], bits);
            return text;
        }
        case VARVE_TYPE_INT64:
            return "i:" + std::to_string(static_cast<const int64_t *>(column.values)[row]);
        case VARVE_TYPE_UINT64:
            return "u:" + std::to_string(static_cast<const uint64_t *>(column.values)[row]);
        case VARVE_TYPE_BOOLEAN:
            return static_cast<const uint8_t *>(column.values)[row] != 0 ? "b:1" : "b:0";
        default:
            return "s:" + std::string(view(static_cast<const varve_str *>(column.values)[row]));
    }
}

inline std::vector<std::string> dump_rows(const varve_batch *batch) {
    std::vector<std::pair<uint32_t, std::string>> rows;
    for (uint32_t t = 0; batch != nullptr && t < batch->table_count; ++t) {
        const varve_table &table = *batch->tables[t];
        for (uint32_t row = 0; row < table.row_count; ++row) {
            std::string text(view(table.keys[table.key_index[row]].text));
            text += '|';
            for (uint32_t c = 0; c < table.column_count; ++c) {
                text += (c == 0 ? "" : ",") + std::string(view(table.columns[c].name)) + '=' +
                        dump_value(table.columns[c], row);
            }
            rows.emplace_back(table.ordinals[row], text + '|' + std::to_string(table.times[row]));
        }
    }
    std::sort(rows.begin(), rows.end());
    std::vector<std::string> lines;
    for (auto &[ordinal, text] : rows) lines.push_back(std::move(text));
    return lines;
}

}  // namespace varve
