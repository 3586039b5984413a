#include "query/exec/order/ordered_rows.hpp"

#include <algorithm>
#include <numeric>

namespace varve::query::exec {

namespace {

// Of two values of one column, neither null: -1, 0, 1.
int compare(const Vector &column, uint32_t a, const Vector &other, uint32_t b) {
    const auto sign = [](auto left, auto right) {
        return left < right ? -1 : right < left ? 1 : 0;
    };
    switch (column.type) {
        case Type::string:
            return sign(column.text[a], other.text[b]);
        case Type::floating:
            return sign(column.number(a), other.number(b));
        case Type::integer:
            return sign(column.integer(a), other.integer(b));
        default:
            return sign(column.bits[a], other.bits[b]);
    }
}

}  // namespace

Status OrderedRows::begin_series(const SeriesHead &head) {
    series_.emplace_back();
    series_.back().head = head;
    for (const plan::Output &output : select_.outputs) {
        series_.back().columns.emplace_back();
        series_.back().columns.back().reset(output.type, 0);
    }
    return {};
}

Status OrderedRows::rows(std::span<const int64_t> times, std::span<const Vector> values, size_t) {
    VARVE_RETURN_IF_ERROR(keeper_.charge(times.size(), values.size()));
    Series &series = series_.back();
    series.times.insert(series.times.end(), times.begin(), times.end());
    for (size_t row = 0; row < times.size(); ++row) {
        for (size_t i = 0; i < values.size(); ++i) {
            VARVE_RETURN_IF_ERROR(keeper_.append(values[i], row, series.columns[i]));
        }
    }
    return {};
}

bool OrderedRows::before(const Series &left, uint32_t a, const Series &right, uint32_t b) const {
    const Vector &column = left.columns[select_.order->output];
    const Vector &other = right.columns[select_.order->output];
    if (!column.is_valid(a) || !other.is_valid(b)) return column.is_valid(a) && !other.is_valid(b);
    const int order = compare(column, a, other, b);
    return select_.order->ascending ? order < 0 : order > 0;
}

void OrderedRows::sort() {
    for (Series &series : series_) {
        series.order.resize(series.times.size());
        std::iota(series.order.begin(), series.order.end(), 0);
        std::stable_sort(series.order.begin(), series.order.end(),
                         [&](uint32_t a, uint32_t b) { return before(series, a, series, b); });
    }
    std::stable_sort(series_.begin(), series_.end(), [&](const Series &a, const Series &b) {
        return before(a, a.order.front(), b, b.order.front());
    });
}

Status OrderedRows::emit_series(const Series &series, RowSink &sink) const {
    const plan::Order &order = *select_.order;
    size_t to = series.order.size();
    const size_t from = std::min<uint64_t>(order.offset, to);
    if (order.limit != 0) to = std::min<uint64_t>(to, from + order.limit);
    if (from == to) return {};
    std::vector<int64_t> times;
    std::vector<Vector> columns(series.columns.size());
    for (size_t i = 0; i < columns.size(); ++i) columns[i].reset(series.columns[i].type, 0);
    for (size_t at = from; at < to; ++at) {
        times.push_back(series.times[series.order[at]]);
        for (size_t i = 0; i < columns.size(); ++i) {
            columns[i].append_from(series.columns[i], series.order[at]);
        }
    }
    VARVE_RETURN_IF_ERROR(sink.begin_series(series.head));
    return sink.rows(times, columns, times.size());
}

Status OrderedRows::emit(RowSink &sink) {
    sort();
    const plan::Order &order = *select_.order;
    size_t to = series_.size();
    const size_t from = std::min<uint64_t>(order.series_offset, to);
    if (order.series_limit != 0) to = std::min<uint64_t>(to, from + order.series_limit);
    for (size_t i = from; i < to; ++i) VARVE_RETURN_IF_ERROR(emit_series(series_[i], sink));
    return {};
}

}  // namespace varve::query::exec
