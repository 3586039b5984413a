#include "storage/memory/memory_store.hpp"

#include <bit>
#include <compare>

namespace varve::memory {
namespace {

bool holds(uint32_t op, std::partial_ordering order) {
    // NOLINTBEGIN(modernize-use-nullptr): an ordering is compared with 0, not with a pointer.
    switch (op) {
        case VARVE_EQ:
            return order == 0;
        case VARVE_NE:
            return order != 0;
        case VARVE_LT:
            return order < 0;
        case VARVE_LE:
            return order <= 0;
        case VARVE_GT:
            return order > 0;
        case VARVE_GE:
            return order >= 0;
            // NOLINTEND(modernize-use-nullptr)
        default:
            return false;
    }
}

bool is_number(uint32_t type) {
    return type == VARVE_TYPE_FLOAT64 || type == VARVE_TYPE_INT64 || type == VARVE_TYPE_UINT64;
}

// Numbers of different types compare as the wider of the two would in mathematics; long double
// holds every int64, uint64 and double.
long double number(uint32_t type, uint64_t bits) {
    if (type == VARVE_TYPE_FLOAT64) return std::bit_cast<double>(bits);
    if (type == VARVE_TYPE_INT64) return static_cast<long double>(static_cast<int64_t>(bits));
    return static_cast<long double>(bits);
}

bool meets_one(uint32_t type, const Value &value, const varve_value_condition &condition) {
    if (is_number(type) && is_number(condition.type)) {
        return holds(condition.op, number(type, value.bits) <=>
                                       number(condition.type, condition.constant.as_uint));
    }
    if (type != condition.type) return false;
    if (type == VARVE_TYPE_STRING) {
        return holds(condition.op, std::string_view(value.text) <=> view(condition.text));
    }
    return holds(condition.op, value.bits <=> condition.constant.as_uint);
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
