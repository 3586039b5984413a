#include "query/exec/rows/held_rows.hpp"

namespace varve::query::exec {

Status HeldRows::begin_series(const SeriesHead &head) {
    Series &series = series_.emplace_back();
    series.head = head;
    for (const plan::Output &output : select_.outputs) {
        series.columns.emplace_back().reset(output.type, 0);
    }
    return {};
}

Status HeldRows::rows(std::span<const int64_t> times, std::span<const Vector> values, size_t) {
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

Status HeldRows::emit(RowSink &sink) const {
    for (const Series &series : series_) {
        VARVE_RETURN_IF_ERROR(sink.begin_series(series.head));
        VARVE_RETURN_IF_ERROR(sink.rows(series.times, series.columns, series.times.size()));
    }
    return {};
}

}  // namespace varve::query::exec
