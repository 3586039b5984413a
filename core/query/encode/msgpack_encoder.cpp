#include "query/encode/msgpack_encoder.hpp"

#include <utility>

namespace varve::query::encode {

Status MsgpackEncoder::begin_statement(uint32_t id) {
    statement_ = id;
    warnings_.clear();
    return {};
}

Status MsgpackEncoder::begin_series(const exec::SeriesHead &head) {
    if (series_open_) {
        close_series(false);
        if (chunked()) {
            close_result(true);
            VARVE_RETURN_IF_ERROR(send_document());
        }
    }
    head_ = head;
    series_open_ = true;
    return {};
}

void MsgpackEncoder::append_cell(const exec::Vector &column, size_t row) {
    MsgpackWriter &out = rows_.entries;
    if (!column.is_valid(row)) return out.null();
    switch (column.type) {
        case exec::Type::none:
            return out.null();
        case exec::Type::floating:
            return out.number(column.number(row));
        case exec::Type::integer:
            return out.integer(column.integer(row));
        case exec::Type::unsigned_integer:
            return out.unsigned_integer(column.bits[row]);
        case exec::Type::boolean:
            return out.boolean(column.bits[row] != 0);
        case exec::Type::string:
            return out.text(column.text[row]);
    }
}

void MsgpackEncoder::append_row(std::span<const int64_t> times,
                                std::span<const exec::Vector> values, size_t row) {
    MsgpackWriter &out = rows_.entries;
    ++rows_.count;
    out.begin_array(values.size() + (head_.has_time ? 1 : 0));
    if (head_.has_time && format_.epoch == Epoch::text) {
        out.time(times[row]);
    } else if (head_.has_time) {
        out.integer(epoch_ticks(times[row], format_.epoch));
    }
    const size_t plain = values.size() - (head_.has_list ? 1 : 0);
    for (const exec::Vector &column : values.first(plain)) append_cell(column, row);
    if (!head_.has_list) return;
    const auto elements = list_elements(values.back().text[row]);
    out.begin_array(elements.size());
    for (const std::string_view element : elements) out.text(element);
}

Status MsgpackEncoder::rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                            size_t row_count) {
    count_rows(row_count);
    for (size_t row = 0; row < row_count; ++row) {
        if (chunked() && rows_.count == format_.chunk_size) {
            close_series(true);
            close_result(true);
            VARVE_RETURN_IF_ERROR(send_document());
            series_open_ = true;
        }
        append_row(times, values, row);
    }
    const size_t size_bytes = results_.entries.bytes().size() + series_.entries.bytes().size() +
                              rows_.entries.bytes().size();
    if (size_bytes <= kAnswerSizeMax) return {};
    return {Code::resource_exhausted, "a MessagePack answer of " + std::to_string(size_bytes) +
                                          " bytes; allowed are " + std::to_string(kAnswerSizeMax) +
                                          ": ask in chunks (chunked=true) or for JSON"};
}

void MsgpackEncoder::close_series(bool goes_on) {
    MsgpackWriter &out = series_.entries;
    const bool partial = goes_on || series_partial_;
    ++series_.count;
    series_open_ = false;
    series_partial_ = false;
    out.begin_map(2 + (head_.name.empty() ? 0 : 1) + (head_.tags.empty() ? 0 : 1) +
                  (partial ? 1 : 0));
    if (!head_.name.empty()) {
        out.text("name");
        out.text(head_.name);
    }
    if (!head_.tags.empty()) {
        out.text("tags");
        out.begin_map(head_.tags.size());
        for (const auto &[key, value] : head_.tags) {
            out.text(key);
            out.text(value);
        }
    }
    out.text("columns");
    out.begin_array(head_.columns.size());
    for (const std::string &column : head_.columns) out.text(column);
    out.text("values");
    out.begin_array(rows_.count);
    out.append(rows_.entries);
    rows_ = {};
    if (!partial) return;
    out.text("partial");
    out.boolean(true);
}

void MsgpackEncoder::close_result(bool goes_on) {
    MsgpackWriter &out = results_.entries;
    ++results_.count;
    const bool warns = !goes_on && !warnings_.empty();
    out.begin_map(2 + (warns ? 1 : 0) + (goes_on ? 1 : 0));
    out.text("statement_id");
    out.unsigned_integer(statement_);
    if (warns) {
        out.text("messages");
        out.begin_array(warnings_.size());
        for (const std::string &warning : warnings_) {
            out.begin_map(2);
            out.text("level");
            out.text("warning");
            out.text("text");
            out.text(warning);
        }
    }
    out.text("series");
    out.begin_array(series_.count);
    out.append(series_.entries);
    series_ = {};
    if (!goes_on) return;
    out.text("partial");
    out.boolean(true);
}

Status MsgpackEncoder::send_document() {
    MsgpackWriter document;
    document.begin_map(1);
    document.text("results");
    document.begin_array(results_.count);
    VARVE_RETURN_IF_ERROR(sink_.write(document.bytes()));
    const List results = std::exchange(results_, {});
    return results.count == 0 ? Status() : sink_.write(results.entries.bytes());
}

Status MsgpackEncoder::end_statement(const Status &status) {
    if (status.ok()) {
        if (series_open_) close_series(false);
        close_result(false);
    } else {
        series_open_ = false;
        series_ = {};
        rows_ = {};
        ++results_.count;
        results_.entries.begin_map(1);
        results_.entries.text("error");
        results_.entries.text(status.text());
    }
    return chunked() ? send_document() : Status();
}

Status MsgpackEncoder::end() {
    return chunked() ? Status() : send_document();
}

Status MsgpackEncoder::refuse(std::string_view error) {
    MsgpackWriter document;
    document.begin_map(1);
    document.text("error");
    document.text(error);
    return sink_.write(document.bytes());
}

}  // namespace varve::query::encode
