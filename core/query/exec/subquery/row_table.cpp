#include "query/exec/subquery/row_table.hpp"

#include <algorithm>

#include "query/exec/subquery/subqueries.hpp"

namespace varve::query::exec {

namespace {

// Big-endian, so that texts order as numbers.
std::string layer_suffix(uint32_t layer) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(layer >> shift & 0xff);
    return out;
}

void reverse(Vector &vector) {
    std::reverse(vector.bits.begin(), vector.bits.end());
    std::reverse(vector.text.begin(), vector.text.end());
    std::reverse(vector.valid.begin(), vector.valid.end());
}

}  // namespace

bool comes_by_group(const plan::Select &select) {
    if (select.order || select.join != nullptr || select.pairing != nullptr ||
        !select.streams.empty()) {
        return false;
    }
    if (!select.aggregates.empty()) {
        const uint32_t kind = select.aggregates.front().function->kind;
        // Of descending buckets the points come ascending.
        return select.window.interval_ns == 0 ||
               (!select.ascending && kind == VARVE_FUNCTION_MULTI);
    }
    if (select.measurements.empty()) return false;
    return std::all_of(select.measurements.begin(), select.measurements.end(),
                       [](const plan::Measurement &measurement) {
                           const auto &sources = measurement.sources;
                           return sources.size() == 1 && sources[0].subquery != nullptr &&
                                  comes_by_group(*sources[0].subquery);
                       });
}

std::vector<int> RowTable::columns_of(const std::string &name) const {
    std::vector<int> out;
    for (size_t i = 0; i < select_.outputs.size(); ++i) {
        if (select_.outputs[i].name == name) out.push_back(static_cast<int>(i));
    }
    return out;
}

Status RowTable::begin_series(const SeriesHead &head) {
    group_from_ = series_.size();
    series_.emplace_back();
    Series &first = series_.back();
    for (const auto &[tag, value] : head.tags) {
        first.tags.push_back(value);
        first.key += value + '\0';
    }
    layer_ = 0;
    has_rows_ = false;
    return {};
}

RowTable::Block &RowTable::block_for(int64_t time) {
    if (by_group_) {
        if (has_rows_ && time <= last_time_) ++layer_;
    } else {
        layer_ = has_rows_ && time == last_time_ ? layer_ + 1 : 0;
    }
    last_time_ = time;
    has_rows_ = true;
    if (group_from_ + layer_ == series_.size()) {
        Series layer;
        layer.key = series_[group_from_].key;
        layer.tags = series_[group_from_].tags;
        series_.push_back(std::move(layer));
    }
    Series &series = series_[group_from_ + layer_];
    if (series.blocks.empty() || series.blocks.back().times.size() == VARVE_BLOCK_ROWS_MAX) {
        series.blocks.emplace_back();
        for (const plan::Output &output : select_.outputs) {
            series.blocks.back().columns.emplace_back();
            series.blocks.back().columns.back().reset(output.type, 0);
        }
    }
    return series.blocks.back();
}

Status RowTable::rows(std::span<const int64_t> times, std::span<const Vector> values, size_t) {
    row_count_ += times.size();
    if (rows_max_ != 0 && row_count_ > rows_max_) {
        overflowed_ = true;
        return {Code::resource_exhausted, "a subquery has more rows than are read at once"};
    }
    VARVE_RETURN_IF_ERROR(keeper_.charge(times.size(), values.size()));
    for (size_t row = 0; row < times.size(); ++row) {
        Block &block = block_for(times[row]);
        block.times.push_back(times[row]);
        for (size_t i = 0; i < values.size(); ++i) {
            VARVE_RETURN_IF_ERROR(append(values[i], row, block.columns[i]));
        }
    }
    return {};
}

// Numbers become those of the column's type: what a subquery divides is not always taken for
// floats.
Status RowTable::append(const Vector &values, size_t row, Vector &column) {
    const bool converts = values.type != column.type && plan::is_numeric(values.type) &&
                          plan::is_numeric(column.type);
    if (!converts) return keeper_.append(values, row, column);
    column.append_null(1);
    if (values.is_valid(row)) {
        column.set(column.valid.size() - 1,
                   convert_bits(values.bits[row], values.type, column.type));
    }
    return {};
}

void RowTable::finish() {
    const bool ascending = select_.ascending || by_group_;
    for (uint32_t i = 0; i < series_.size(); ++i) {
        Series &series = series_[i];
        // In descending order the last layer's row comes first.
        series.key += layer_suffix(ascending ? i : UINT32_MAX - i);
        if (ascending) continue;
        std::reverse(series.blocks.begin(), series.blocks.end());
        for (Block &block : series.blocks) {
            std::reverse(block.times.begin(), block.times.end());
            for (Vector &column : block.columns) reverse(column);
        }
    }
}

Status fill_table(const Run &run, const plan::Select &select, const std::string *measurement,
                  RowTable &table) {
    for (size_t i = 0; i < select.measurements.size(); ++i) {
        if (measurement != nullptr && select.measurements[i].name != *measurement) continue;
        Subqueries subqueries;
        Run inner = run.over(select, table);
        inner.subqueries = &subqueries;
        VARVE_RETURN_IF_ERROR(run_measurement(inner, i));
    }
    table.finish();
    return {};
}

Result<std::shared_ptr<const RowTable>> read_table(const Run &run, const plan::Select &select,
                                                   const std::string *measurement) {
    const auto table = std::make_shared<RowTable>(select, run.budget);
    VARVE_RETURN_IF_ERROR(fill_table(run, select, measurement, *table));
    return std::shared_ptr<const RowTable>(table);
}

}  // namespace varve::query::exec
