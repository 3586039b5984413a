#include "query/encode/series_array_encoder.hpp"

#include <cmath>

#include "query/encode/json_cell.hpp"

namespace varve::query::encode {

namespace {
constexpr size_t kFlushSize = 64 << 10;
constexpr int64_t kMicrosecond = 1000;
}  // namespace

Status SeriesArrayEncoder::flush(size_t least) {
    std::string &bytes = json_.bytes();
    if (bytes.size() < least || bytes.empty()) return {};
    Status status = sink_.write(bytes);
    bytes.clear();
    return status;
}

Status SeriesArrayEncoder::begin_series(const exec::SeriesHead &head) {
    VARVE_RETURN_IF_ERROR(close_series());
    head_ = head;
    series_begun_ = true;
    return {};
}

void SeriesArrayEncoder::open_series(std::span<const exec::Vector> values) {
    const bool has_number = head_.columns.size() > 1 && head_.columns[1] == "sequence_number";
    if (series_begun_) {
        first_ = has_number && !values[0].is_valid(0) ? 1 : 0;
        columns_.clear();
        for (size_t i = first_; i < values.size(); ++i) {
            const std::string &name = head_.columns[i + 1];
            if (!name.empty() || columns_.empty()) columns_.push_back({name, 0});
            columns_.back().end = i + 1;
        }
        series_begun_ = false;
    }
    if (!chunked() && !list_open_) {
        json_.begin_array();
        list_open_ = true;
    }
    json_.begin_object();
    json_.key("name");
    json_.text(head_.name);
    json_.key("columns");
    json_.begin_array();
    json_.text(head_.columns[0]);
    for (const Shown &column : columns_) json_.text(column.name);
    json_.end_array();
    json_.key("points");
    json_.begin_array();
    series_open_ = true;
    rows_in_piece_ = 0;
}

Status SeriesArrayEncoder::close_series() {
    if (!series_open_) return {};
    json_.end_array();
    json_.end_object();
    series_open_ = false;
    return chunked() ? flush(0) : Status();
}

// Points of one microsecond differ in their nanoseconds, which do not show.
void SeriesArrayEncoder::append_time(int64_t time_ns) {
    const int64_t into = time_ns % kMicrosecond;
    const int64_t time = into < 0 ? time_ns - into - kMicrosecond : time_ns - into;
    json_.integer(
        epoch_ticks(time, format_.epoch == Epoch::text ? Epoch::millisecond : format_.epoch));
}

void SeriesArrayEncoder::append_row(std::span<const exec::Vector> values, size_t row) {
    size_t at = first_;
    for (const Shown &column : columns_) {
        const exec::Vector *shown = nullptr;
        for (; at < column.end; ++at) {
            if (shown == nullptr && values[at].is_valid(row)) shown = &values[at];
        }
        const bool is_infinite = shown != nullptr && shown->type == exec::Type::floating &&
                                 std::isinf(shown->number(row));
        if (shown == nullptr || is_infinite) {
            json_.null();
        } else {
            append_json_cell(*shown, row, json_);
        }
    }
}

Status SeriesArrayEncoder::rows(std::span<const int64_t> times,
                                std::span<const exec::Vector> values, size_t row_count) {
    count_rows(row_count);
    for (size_t row = 0; row < row_count; ++row) {
        if (chunked() && rows_in_piece_ == format_.chunk_size) {
            VARVE_RETURN_IF_ERROR(close_series());
        }
        if (!series_open_) open_series(values);
        ++rows_in_piece_;
        json_.begin_array();
        append_time(times[row]);
        append_row(values, row);
        json_.end_array();
        if (json_.bytes().size() >= kFlushSize) VARVE_RETURN_IF_ERROR(flush(kFlushSize));
    }
    return {};
}

Status SeriesArrayEncoder::end_statement(const Status &status) {
    return status.ok() ? close_series() : status;
}

Status SeriesArrayEncoder::end() {
    if (chunked()) return flush(0);
    if (!list_open_) json_.begin_array();
    json_.end_array();
    return flush(0);
}

Status SeriesArrayEncoder::refuse(std::string_view error) {
    return sink_.write(error);
}

}  // namespace varve::query::encode
