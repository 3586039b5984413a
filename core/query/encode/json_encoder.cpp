#include "query/encode/json_encoder.hpp"

#include "query/encode/json_cell.hpp"

namespace varve::query::encode {

namespace {
constexpr size_t kFlushSize = 64 << 10;
}

Status JsonEncoder::flush(size_t least) {
    std::string &bytes = json_.bytes();
    if (bytes.size() < least || bytes.empty()) return {};
    Status status = sink_.write(bytes);
    bytes.clear();
    return status;
}

Status JsonEncoder::begin_statement(uint32_t id) {
    statement_ = id;
    zone_ = TimeZone();
    warnings_.clear();
    return {};
}

void JsonEncoder::open_result() {
    if (!document_open_) {
        json_.begin_object();
        json_.key("results");
        json_.begin_array();
        document_open_ = true;
    }
    json_.begin_object();
    json_.key("statement_id");
    json_.integer(statement_);
    result_open_ = true;
}

void JsonEncoder::open_series() {
    if (!result_open_) open_result();
    if (!list_open_) {
        json_.key("series");
        json_.begin_array();
        list_open_ = true;
    }
    json_.begin_object();
    if (!head_.name.empty()) {
        json_.key("name");
        json_.text(head_.name);
    }
    if (!head_.tags.empty()) {
        json_.key("tags");
        json_.begin_object();
        for (const auto &[key, value] : head_.tags) {
            json_.key(key);
            json_.text(value);
        }
        json_.end_object();
    }
    json_.key("columns");
    json_.begin_array();
    for (const std::string &column : head_.columns) json_.text(column);
    json_.end_array();
    series_open_ = true;
    series_partial_ = false;
    rows_in_series_ = 0;
}

void JsonEncoder::close_series(bool goes_on) {
    if (rows_in_series_ != 0) json_.end_array();
    if (goes_on || series_partial_) {
        json_.key("partial");
        json_.boolean(true);
    }
    json_.end_object();
    series_open_ = false;
}

void JsonEncoder::close_result(bool goes_on, const Status &status) {
    if (!result_open_) open_result();
    if (list_open_) json_.end_array();
    if (!goes_on && status.ok() && !warnings_.empty()) {
        json_.key("messages");
        json_.begin_array();
        for (const std::string &warning : warnings_) {
            json_.begin_object();
            json_.key("level");
            json_.text("warning");
            json_.key("text");
            json_.text(warning);
            json_.end_object();
        }
        json_.end_array();
    }
    if (goes_on) {
        json_.key("partial");
        json_.boolean(true);
    }
    if (!status.ok()) {
        json_.key("error");
        json_.text(status.text());
    }
    json_.end_object();
    list_open_ = false;
    result_open_ = false;
    if (!chunked()) return;
    json_.end_array();
    json_.end_object();
    json_.newline();
    document_open_ = false;
}

Status JsonEncoder::begin_series(const exec::SeriesHead &head) {
    if (series_open_) {
        close_series(false);
        if (chunked()) close_result(true, {});
    }
    head_ = head;
    open_series();
    return {};
}

void JsonEncoder::append_time(int64_t time_ns) {
    if (format_.epoch == Epoch::text) return json_.text(format_rfc3339(time_ns, zone_));
    json_.integer(epoch_ticks(time_ns, format_.epoch));
}

void JsonEncoder::append_list(std::string_view lines) {
    json_.begin_array();
    for (const std::string_view element : list_elements(lines)) json_.text(element);
    json_.end_array();
}

Status JsonEncoder::rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                         size_t row_count) {
    count_rows(row_count);
    for (size_t row = 0; row < row_count; ++row) {
        if (chunked() && rows_in_series_ == format_.chunk_size) {
            close_series(true);
            close_result(true, {});
            VARVE_RETURN_IF_ERROR(flush(0));
            open_series();
        }
        if (rows_in_series_++ == 0) {  // without rows there are no values
            json_.key("values");
            json_.begin_array();
        }
        json_.begin_array();
        if (head_.has_time) append_time(times[row]);
        const size_t plain = values.size() - (head_.has_list ? 1 : 0);
        for (const exec::Vector &column : values.first(plain)) append_json_cell(column, row, json_);
        if (head_.has_list) append_list(values.back().text[row]);
        json_.end_array();
        if (json_.bytes().size() >= kFlushSize) VARVE_RETURN_IF_ERROR(flush(kFlushSize));
    }
    return {};
}

Status JsonEncoder::end_statement(const Status &status) {
    if (series_open_) {
        close_series(false);
        // An error has a document of its own behind the chunks.
        if (chunked() && !status.ok()) close_result(true, {});
    }
    close_result(false, status);
    return flush(chunked() ? 0 : kFlushSize);
}

Status JsonEncoder::end() {
    if (!chunked()) {
        if (document_open_) {
            json_.end_array();
        } else {
            json_.begin_object();
        }
        json_.end_object();
        json_.newline();
    }
    return flush(0);
}

Status JsonEncoder::refuse(std::string_view error) {
    json_.begin_object();
    json_.key("error");
    json_.text(error);
    json_.end_object();
    json_.newline();
    return flush(0);
}

}  // namespace varve::query::encode
