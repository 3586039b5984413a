#include "storage/memory/memory_store.hpp"

#include "storage/common/condition.hpp"

namespace varve::memory {
namespace {

bool meets_one(uint32_t type, const Value &value, const varve_value_condition &condition) {
    return storage::condition_met(
        {type, value.bits, value.text}, condition.op,
        {condition.type, condition.constant.as_uint, view(condition.text)});
}

}  // namespace

Row visible_row(const Cells &cells, uint64_t lsn) {
    Row row;
    std::map<const ColumnKey *, std::pair<uint64_t, uint32_t>> newest;
    for (const Cell &cell : cells) {
        if (cell.lsn > lsn) break;
        if (cell.column == nullptr) {
            row.clear();
            newest.clear();
            continue;
        }
        auto &seen = newest[cell.column];
        const auto order = std::make_pair(cell.lsn, cell.ordinal);
        if (seen > order) continue;
        seen = order;
        row[cell.column] = &cell.value;
    }
    return row;
}

bool SeriesRows::visible(uint64_t lsn, const storage::TimeRange &range) const {
    for (auto at = rows.lower_bound(range.first); at != rows.end(); ++at) {
        if (!range.contains(at->first)) return false;
        if (!visible_row(at->second, lsn).empty()) return true;
    }
    return false;
}

const ColumnKey *Shard::column(std::string_view name, uint32_t type) {
    return &columns.try_emplace(ColumnKey(name, type)).first->first;
}

bool Shard::overlaps(const storage::TimeRange &range) const {
    return !range.empty() && range.overlaps(from_ns, to_ns == INT64_MAX ? to_ns : to_ns - 1);
}

bool meets(const Row &row, const varve_value_condition *conditions, uint32_t condition_count) {
    for (uint32_t i = 0; i < condition_count; ++i) {
        bool met = false;
        for (const auto &[column, value] : row) {
            met = met || (column->first == view(conditions[i].column) &&
                          meets_one(column->second, *value, conditions[i]));
        }
        if (!met) return false;
    }
    return true;
}

}  // namespace varve::memory
