#include "query/languages/influxql/into.hpp"

#include <algorithm>
#include <cmath>

#include "write/write_rows.hpp"

namespace varve::query::influxql {

namespace {

// Tags that top() or bottom() name stay tags in what they write.
std::vector<std::string> ranked_tags(const SelectStatement &select) {
    std::vector<std::string> out;
    for (const Field &field : select.fields) {
        const Expr &call = *field.expr;
        if (call.kind != ExprKind::call || (call.text != "top" && call.text != "bottom")) continue;
        for (size_t i = 1; i + 1 < call.args.size(); ++i) out.push_back(call.args[i]->text);
    }
    return out;
}

}  // namespace

Status IntoSink::begin_series(const exec::SeriesHead &head) {
    const auto is_time = [](const std::string &column) { return column == "time"; };
    if (head.columns.front() != "time" ||
        std::count_if(head.columns.begin(), head.columns.end(), is_time) != 1) {
        return {Code::invalid_argument, "error finding time index in result"};
    }
    head_ = head;
    if (!target_.name.empty()) head_.name = target_.name;
    is_tag_.clear();
    has_tag_columns_ = false;
    for (size_t i = 1; i < head.columns.size(); ++i) {
        is_tag_.push_back(std::find(tag_columns_.begin(), tag_columns_.end(), head.columns[i]) !=
                          tag_columns_.end());
        has_tag_columns_ = has_tag_columns_ || is_tag_.back();
    }
    return batch_.begin_series(head_.name, head_.tags);
}

bool IntoSink::take_row(std::span<const exec::Vector> columns, size_t row) {
    row_.clear();
    tags_ = has_tag_columns_ ? head_.tags : Tags();
    for (size_t i = 0; i < columns.size(); ++i) {
        const exec::Vector &column = columns[i];
        if (!column.is_valid(row)) continue;
        const std::string &name = head_.columns[i + 1];
        if (is_tag_[i]) {
            tags_.emplace_back(name, column.text[row]);
            continue;
        }
        const bool is_text = column.type == exec::Type::string;
        if (column.type == exec::Type::floating && !std::isfinite(column.number(row))) {
            if (std::isinf(column.number(row))) return false;
            continue;
        }
        row_.push_back({name, static_cast<uint32_t>(column.type), is_text ? 0 : column.bits[row],
                        is_text ? column.text[row] : std::string_view()});
    }
    return !row_.empty();
}

Status IntoSink::rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                      size_t row_count) {
    for (size_t row = 0; row < row_count; ++row) {
        if (!take_row(values, row)) continue;
        if (has_tag_columns_) {
            std::sort(tags_.begin(), tags_.end());
            VARVE_RETURN_IF_ERROR(batch_.begin_series(head_.name, tags_));
        }
        batch_.add_row(times[row], row_);
        ++written_;
        if (batch_.is_full()) VARVE_RETURN_IF_ERROR(flush());
    }
    return {};
}

Status IntoSink::flush() {
    VARVE_RETURN_IF_ERROR(session_.budget.check());
    return write_rows(batch_, session_.writes, RowsOf::query,
                      {target_.database, target_.retention_policy});
}

Result<uint64_t> write_into(Session &session, const SelectStatement &select) {
    IntoSink sink(session, *select.target, ranked_tags(select));
    VARVE_RETURN_IF_ERROR(run_query(session, select, sink));
    VARVE_RETURN_IF_ERROR(sink.flush());
    return sink.written();
}

Status execute_into(Session &session, const SelectStatement &select) {
    const Result<uint64_t> written = write_into(session, select);
    if (!written.ok()) return written.status();
    const exec::SeriesHead head{"result", {}, {"time", "written"}, true};
    VARVE_RETURN_IF_ERROR(session.encoder.begin_series(head));
    std::vector<exec::Vector> values(1);
    values[0].reset(exec::Type::integer, 1);
    values[0].set(0, *written);
    const int64_t epoch = 0;
    return session.encoder.rows({&epoch, 1}, values, 1);
}

}  // namespace varve::query::influxql
