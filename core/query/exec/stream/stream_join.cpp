#include "query/exec/stream/stream_join.hpp"

#include <algorithm>

#include "query/exec/rows/input_fill.hpp"

namespace varve::query::exec {

namespace {

constexpr size_t kRowsPerPush = 4096;

}  // namespace

Status StreamJoin::add(size_t stream, const std::string &key, const StreamRows &rows) {
    const plan::Stream &plan = select_.streams[stream];
    Series &series = series_[key];
    if (series.empty()) {
        series.resize(select_.streams.size());
        for (size_t i = 0; i < series.size(); ++i) {
            series[i].rows.values.reset(select_.streams[i].type, 0);
        }
    }
    Column &column = series[stream];
    VARVE_RETURN_IF_ERROR(keeper_.charge(rows.times.size(), 1));
    for (size_t row = 0; row < rows.times.size(); ++row) {
        if (column.skipped < plan.offset) {
            ++column.skipped;
            continue;
        }
        if (plan.limit != 0 && column.rows.times.size() >= plan.limit) break;
        column.rows.times.push_back(rows.times[row]);
        VARVE_RETURN_IF_ERROR(keeper_.append(rows.values, row, column.rows.values));
    }
    return {};
}

bool StreamJoin::full(size_t stream, const std::string &key) const {
    const plan::Stream &plan = select_.streams[stream];
    const auto found = series_.find(key);
    if (plan.limit == 0 || found == series_.end()) return false;
    return found->second[stream].rows.times.size() >= plan.limit;
}

Status StreamJoin::emit(const std::string &measurement, Projection &projection) {
    std::vector<const std::pair<const std::string, Series> *> order;
    order.reserve(series_.size());
    for (const auto &entry : series_) order.push_back(&entry);
    if (!select_.ascending) std::reverse(order.begin(), order.end());
    for (const auto *entry : order) {
        projection.begin(measurement, entry->first);
        VARVE_RETURN_IF_ERROR(emit_series(entry->second, projection));
    }
    return {};
}

Status StreamJoin::emit_series(const Series &series, Projection &projection) {
    std::vector<size_t> at(series.size());
    std::vector<Vector> last(series.size());  // a row each: the last cell
    for (size_t i = 0; i < series.size(); ++i) last[i].reset(series[i].rows.values.type, 1);
    for (;;) {
        std::vector<int64_t> times;
        std::vector<Vector> columns(series.size());
        for (size_t i = 0; i < series.size(); ++i) columns[i].reset(last[i].type, 0);
        while (times.size() < kRowsPerPush) {
            const int64_t *next = nullptr;
            for (size_t i = 0; i < series.size(); ++i) {
                if (at[i] == series[i].rows.times.size()) continue;
                const int64_t &time = series[i].rows.times[at[i]];
                if (next == nullptr || (select_.ascending ? time < *next : time > *next)) {
                    next = &time;
                }
            }
            if (next == nullptr) break;
            times.push_back(*next);
            for (size_t i = 0; i < series.size(); ++i) {
                const StreamRows &rows = series[i].rows;
                if (at[i] == rows.times.size() || rows.times[at[i]] != times.back()) {
                    append_default(last[i], columns[i]);
                    continue;
                }
                columns[i].append_from(rows.values, at[i]);
                last[i].reset(last[i].type, 0);
                last[i].append_from(rows.values, at[i]++);
            }
        }
        if (times.empty()) return {};
        VARVE_RETURN_IF_ERROR(budget_.check());
        VARVE_RETURN_IF_ERROR(projection.push(times, columns));
    }
}

void StreamJoin::append_default(const Vector &last, Vector &column) const {
    const plan::Fill &fill = select_.fill;
    if (fill.kind == plan::FillKind::previous) {
        column.append_from(last, 0);
        return;
    }
    column.append_null(1);
    if (fill.kind != plan::FillKind::number || !plan::is_numeric(column.type)) return;
    column.set(column.valid.size() - 1, fill_bits(fill, column.type));
}

}  // namespace varve::query::exec
