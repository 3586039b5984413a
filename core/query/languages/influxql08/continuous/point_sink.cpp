#include "query/languages/influxql08/continuous/point_sink.hpp"

#include <cmath>

#include "query/languages/influxql08/schema.hpp"

namespace varve::query::influxql08 {

namespace {

constexpr int64_t kMicrosecond = 1000;
constexpr uint64_t kNumberSize = 96;  // about what a remembered number takes besides the name

int64_t whole_microseconds(int64_t time_ns) {
    const int64_t into = time_ns % kMicrosecond;
    return into < 0 ? time_ns - into - kMicrosecond : time_ns - into;
}

}  // namespace

Status PointSink::begin_series(const exec::SeriesHead &head) {
    head_ = head;
    return {};
}

// A column without a name has further types of the one before.
void PointSink::take_row(std::span<const exec::Vector> columns, size_t row) {
    values_.clear();
    in_name_.assign(target_.columns().size(), {});
    std::string_view name;
    for (size_t i = 0; i < columns.size(); ++i) {
        const exec::Vector &column = columns[i];
        if (!head_.columns[i + 1].empty()) name = head_.columns[i + 1];
        if (!column.is_valid(row) || name == kSequenceNumber) continue;
        const bool is_text = column.type == exec::Type::string;
        if (column.type == exec::Type::floating && !std::isfinite(column.number(row))) continue;
        const RowBatch::Value value{name, static_cast<uint32_t>(column.type),
                                    is_text ? 0 : column.bits[row],
                                    is_text ? column.text[row] : std::string_view()};
        bool is_named = false;
        for (size_t k = 0; k < in_name_.size(); ++k) {
            if (target_.columns()[k] != name) continue;
            in_name_[k] = name_text(value);
            is_named = true;
        }
        const bool is_again = !values_.empty() && values_.back().name == name;
        if (!is_named && !is_again) values_.push_back(value);
    }
}

Status PointSink::add_point(int64_t time_ns) {
    std::string series = target_.name(head_.name, in_name_);
    const int64_t time = whole_microseconds(time_ns);
    VARVE_RETURN_IF_ERROR(batch_.begin_series(series, {}));
    const auto [known, is_new] = numbers_.try_emplace({std::move(series), time}, 0);
    if (is_new) {
        VARVE_RETURN_IF_ERROR(session_.budget.charge(known->first.first.size() + kNumberSize));
    }
    const int64_t number = ++known->second;
    if (number > static_cast<int64_t>(kPointsOfATimeMax)) {
        return {Code::failed_precondition, "more than " + std::to_string(kPointsOfATimeMax) +
                                               " points of one time in series " +
                                               known->first.first};
    }
    values_.push_back({kSequenceNumber,
                       static_cast<uint32_t>(exec::Type::integer),
                       static_cast<uint64_t>(number),
                       {}});
    batch_.add_row(time + number % kMicrosecond, values_);
    ++written_;
    return {};
}

Status PointSink::rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                       size_t row_count) {
    for (size_t row = 0; row < row_count; ++row) {
        take_row(values, row);
        if (values_.empty()) continue;
        VARVE_RETURN_IF_ERROR(add_point(times[row]));
        if (batch_.is_full()) VARVE_RETURN_IF_ERROR(flush());
    }
    return {};
}

Status PointSink::flush() {
    VARVE_RETURN_IF_ERROR(session_.budget.check());
    return write_rows(batch_, writes_, RowsOf::continuous_query_08, {session_.database, {}});
}

}  // namespace varve::query::influxql08
