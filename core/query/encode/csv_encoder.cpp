#include "query/encode/csv_encoder.hpp"

#include "query/encode/number_text.hpp"

namespace varve::query::encode {

namespace {

bool needs_quotes(std::string_view text) {
    if (text.empty()) return false;
    if (text == "\\." || text.front() == ' ' || text.front() == '\t') return true;
    return text.find_first_of(",\"\r\n") != std::string_view::npos;
}

void append_tag_text(std::string_view text, std::string &out) {
    for (const char c : text) {
        if (c == ',' || c == '=' || c == ' ') out += '\\';
        out += c;
    }
}

}  // namespace

void CsvEncoder::append_quoted(std::string_view text) {
    if (!needs_quotes(text)) {
        out_ += text;
        return;
    }
    out_ += '"';
    for (const char c : text) {
        if (c == '"') out_ += '"';
        out_ += c;
    }
    out_ += '"';
}

Status CsvEncoder::flush(size_t least) {
    if (out_.size() < least || out_.empty()) return {};
    Status status = sink_.write(out_);
    out_.clear();
    return status;
}

Status CsvEncoder::begin_statement(uint32_t) {
    header_due_ = true;
    return {};
}

Status CsvEncoder::begin_series(const exec::SeriesHead &head) {
    if (header_due_ || head.columns != columns_) {
        if (any_header_) out_ += '\n';
        out_ += "name,tags";
        for (const std::string &column : head.columns) {
            out_ += ',';
            append_quoted(column);
        }
        out_ += '\n';
        columns_ = head.columns;
        header_due_ = false;
        any_header_ = true;
    }
    has_time_ = head.has_time;
    std::string tags;
    for (const auto &[key, value] : head.tags) {
        if (value.empty()) continue;
        if (!tags.empty()) tags += ',';
        append_tag_text(key, tags);
        tags += '=';
        append_tag_text(value, tags);
    }
    const size_t start = out_.size();
    append_quoted(head.name);
    out_ += ',';
    append_quoted(tags);
    prefix_ = out_.substr(start);
    out_.resize(start);
    return {};
}

void CsvEncoder::append_cell(const exec::Vector &column, size_t row) {
    if (!column.is_valid(row)) return;
    switch (column.type) {
        case exec::Type::none:
            break;
        case exec::Type::floating:
            append_plain_float(column.number(row), out_);
            break;
        case exec::Type::integer:
            append_integer(column.integer(row), out_);
            break;
        case exec::Type::unsigned_integer:
            append_unsigned(column.bits[row], out_);
            break;
        case exec::Type::boolean:
            out_ += column.bits[row] != 0 ? "true" : "false";
            break;
        case exec::Type::string:
            append_quoted(column.text[row]);
            break;
    }
}

Status CsvEncoder::rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                        size_t row_count) {
    count_rows(row_count);
    for (size_t row = 0; row < row_count; ++row) {
        out_ += prefix_;
        if (has_time_) {
            out_ += ',';
            append_integer(epoch_ticks(times[row], format_.epoch), out_);
        }
        for (const exec::Vector &column : values) {
            out_ += ',';
            append_cell(column, row);
        }
        out_ += '\n';
        if (out_.size() >= kFlushSize) VARVE_RETURN_IF_ERROR(flush(kFlushSize));
    }
    return {};
}

Status CsvEncoder::refuse(std::string_view error) {
    out_ += "error\n";
    append_quoted(error);
    out_ += '\n';
    return flush(0);
}

}  // namespace varve::query::encode
