#include "query/exec/subquery/table_scan.hpp"

#include <algorithm>

#include <varve/cpp/bytes.hpp>

namespace varve::query::exec {

namespace {

int position_in(const std::vector<std::string> &list, const std::string &name) {
    const auto found = std::find(list.begin(), list.end(), name);
    return found == list.end() ? -1 : static_cast<int>(found - list.begin());
}

}  // namespace

TableScan::TableScan(std::shared_ptr<const RowTable> table, ScanSpec spec)
    : table_(std::move(table)), spec_(std::move(spec)) {
    for (uint32_t field = 0; field < spec_.fields.size(); ++field) {
        const size_t before = columns_.size();
        for (const int column : table_->columns_of(spec_.fields[field])) {
            const Type type = table_->type_of(static_cast<size_t>(column));
            if (type == Type::none) continue;
            columns_.push_back({field, type});
            column_of_.push_back(column);
        }
        const int tag = position_in(table_->tag_keys(), spec_.fields[field]);
        if (columns_.size() == before && tag >= 0) {
            columns_.push_back({field, Type::string});
            column_of_.push_back(-1 - tag);
        }
    }
    for (const std::string &key : spec_.tag_keys) {
        tag_of_.push_back(position_in(table_->tag_keys(), key));
    }
    const size_t series = table_->series().size();
    partitions_.resize(std::min<size_t>(series, std::max<uint32_t>(1, spec_.partitions)));
}

size_t TableScan::series_count(size_t partition) const {
    const size_t all = table_->series().size();
    return (all - partition + partitions_.size() - 1) / partitions_.size();
}

Result<bool> TableScan::next(size_t partition, varve_block &block) {
    Partition &part = partitions_[partition];
    for (; part.at < series_count(partition); ++part.at, part.block = 0) {
        const auto &blocks = series_of(partition, part.at).blocks;
        while (part.block < blocks.size()) {
            const size_t at = spec_.descending ? blocks.size() - 1 - part.block : part.block;
            const RowTable::Block &found = blocks[at];
            ++part.block;
            if (found.times.back() < spec_.from_ns || found.times.front() >= spec_.to_ns) continue;
            part.values.clear();
            part.copies.clear();
            block = varve_block{};
            block.struct_size = sizeof block;
            block.series = static_cast<uint32_t>(part.at);
            block.rows = static_cast<uint32_t>(found.times.size());
            block.t_min = found.times.front();
            block.t_max = found.times.back();
            part.given = &found;
            return true;
        }
    }
    return false;
}

void TableScan::append_value(const RowTable::Series &series, const RowTable::Block *block,
                             size_t row, uint32_t position, Vector &out) const {
    const int column = column_of_[position];
    if (block == nullptr) {
        out.append_null(1);
    } else if (column >= 0) {
        out.append_from(block->columns[static_cast<size_t>(column)], row);
    } else {
        out.append_null(1);
        out.set_text(out.valid.size() - 1, series.tags[static_cast<size_t>(-1 - column)]);
    }
}

varve_column TableScan::keep(Partition &partition, Vector values) const {
    const size_t rows = values.valid.size();
    partition.values.push_back(std::make_unique<Vector>(std::move(values)));
    partition.copies.push_back(std::make_unique<ColumnCopy>(*partition.values.back(), rows));
    return partition.copies.back()->column();
}

Status TableScan::load(size_t partition, const varve_block &block,
                       const std::vector<uint32_t> &positions, varve_loaded &out) {
    Partition &part = partitions_[partition];
    part.loaded.assign(columns_.size(), varve_column{});
    const RowTable::Block &from = *part.given;
    const auto first = std::lower_bound(from.times.begin(), from.times.end(), spec_.from_ns);
    const auto last = std::lower_bound(first, from.times.end(), spec_.to_ns);
    part.times.assign(first, last);
    const RowTable::Series &series = series_of(partition, block.series);
    for (const uint32_t position : positions) {
        Vector values;
        values.reset(columns_[position].type, 0);
        for (auto row = static_cast<size_t>(first - from.times.begin());
             row < static_cast<size_t>(last - from.times.begin()); ++row) {
            append_value(series, &from, row, position, values);
        }
        part.loaded[position] = keep(part, std::move(values));
    }
    out.struct_size = sizeof out;
    out.row_count = static_cast<uint32_t>(part.times.size());
    out.times = part.times.data();
    out.columns = part.loaded.data();
    return {};
}

Status TableScan::lookup(size_t partition, const std::vector<uint32_t> &series,
                         const std::vector<int64_t> &times, const std::vector<uint32_t> &positions,
                         varve_looked_up &out) {
    Partition &part = partitions_[partition];
    part.values.clear();
    part.copies.clear();
    part.loaded.clear();
    std::vector<Vector> found(positions.size());
    for (size_t i = 0; i < positions.size(); ++i) found[i].reset(columns_[positions[i]].type, 0);
    for (size_t asked = 0; asked < series.size(); ++asked) {
        const RowTable::Series &from = series_of(partition, series[asked]);
        const auto at = std::lower_bound(
            from.blocks.begin(), from.blocks.end(), times[asked],
            [](const RowTable::Block &block, int64_t time) { return block.times.back() < time; });
        const RowTable::Block *block = nullptr;
        size_t row = 0;
        if (at != from.blocks.end()) {
            const auto time = std::lower_bound(at->times.begin(), at->times.end(), times[asked]);
            row = static_cast<size_t>(time - at->times.begin());
            if (*time == times[asked]) block = &*at;
        }
        for (size_t i = 0; i < positions.size(); ++i) {
            append_value(from, block, row, positions[i], found[i]);
        }
    }
    for (Vector &values : found) part.loaded.push_back(keep(part, std::move(values)));
    out.struct_size = sizeof out;
    out.row_count = static_cast<uint32_t>(series.size());
    out.columns = part.loaded.data();
    return {};
}

std::string_view TableScan::series_key(size_t partition, uint32_t series) const {
    return series_of(partition, series).key;
}

std::string_view TableScan::series_tag(size_t partition, uint32_t series, uint32_t tag) const {
    if (tag_of_[tag] < 0) return {};
    return series_of(partition, series).tags[static_cast<size_t>(tag_of_[tag])];
}

}  // namespace varve::query::exec
