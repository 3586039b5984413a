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

bool OrderedRows::before(const Series &left, uint32_t a, const Series &right, uint32_t b) const {
    const Vector &column = left.columns[select_.order->output];
    const Vector &other = right.columns[select_.order->output];
    if (!column.is_valid(a) || !other.is_valid(b)) return column.is_valid(a) && !other.is_valid(b);
    const int order = compare(column, a, other, b);
    return select_.order->ascending ? order < 0 : order > 0;
}

OrderedRows::Order OrderedRows::order_of(const Series &series) const {
    Order order(series.times.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return before(series, a, series, b); });
    return order;
}

Status OrderedRows::emit_series(const Series &series, const Order &order, RowSink &sink) const {
    const plan::Order &limits = *select_.order;
    size_t to = order.size();
    const size_t from = std::min<uint64_t>(limits.offset, to);
    if (limits.limit != 0) to = std::min<uint64_t>(to, from + limits.limit);
    if (from == to) return {};
    std::vector<int64_t> times;
    std::vector<Vector> columns(series.columns.size());
    for (size_t i = 0; i < columns.size(); ++i) columns[i].reset(series.columns[i].type, 0);
    for (size_t at = from; at < to; ++at) {
        times.push_back(series.times[order[at]]);
        for (size_t i = 0; i < columns.size(); ++i) {
            columns[i].append_from(series.columns[i], order[at]);
        }
    }
    VARVE_RETURN_IF_ERROR(sink.begin_series(series.head));
    return sink.rows(times, columns, times.size());
}

Status OrderedRows::emit_ordered(RowSink &sink) {
    std::vector<std::pair<const Series *, Order>> ordered;
    ordered.reserve(series_.size());
    for (const Series &series : series_) ordered.emplace_back(&series, order_of(series));
    std::stable_sort(ordered.begin(), ordered.end(), [&](const auto &a, const auto &b) {
        return before(*a.first, a.second.front(), *b.first, b.second.front());
    });
    const plan::Order &limits = *select_.order;
    size_t to = ordered.size();
    const size_t from = std::min<uint64_t>(limits.series_offset, to);
    if (limits.series_limit != 0) to = std::min<uint64_t>(to, from + limits.series_limit);
    for (size_t i = from; i < to; ++i) {
        VARVE_RETURN_IF_ERROR(emit_series(*ordered[i].first, ordered[i].second, sink));
    }
    return {};
}

}  // namespace varve::query::exec
