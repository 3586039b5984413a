#include "query/exec/aggregate/group_rows.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "query/exec/rows/input_fill.hpp"
#include "query/function_table.hpp"

namespace varve::query::exec {

namespace {

// A point without a value (stddev of one row) is no number, among floats.
void set_value(Vector &column, size_t row, const varve_value &value) {
    if (value.type == 0) {
        if (column.type != Type::floating) return;
        column.set_number(row, std::numeric_limits<double>::quiet_NaN());
    } else if (column.type == Type::string) {
        column.set_text(row, view(value.text));
    } else {
        column.set(row, value.value.as_uint);
    }
}

}  // namespace

Status GroupRows::begin(GroupStates &group, Arena &arena) {
    streams_.assign(bound_.count(), {});
    starts_.clear();
    std::vector<int64_t> starts;
    starts.reserve(group.buckets.size());
    for (const auto &[start, states] : group.buckets) starts.push_back(start);
    std::sort(starts.begin(), starts.end());
    if (!run_.select.ascending) std::reverse(starts.begin(), starts.end());
    for (const int64_t start : starts) {
        bool any = false;
        for (size_t i = 0; i < bound_.count(); ++i) {
            const Result<bool> has_row = finish_bucket(i, start, group.buckets[start], arena);
            if (!has_row.ok()) return has_row.status();
            any = any || *has_row;
        }
        if (any) starts_.push_back(start);
    }
    if (run_.select.call_limit != 0 || run_.select.call_offset != 0) limit_calls();
    at_ = 0;
    done_ = starts_.empty();
    return done_ || !fills() ? Status() : set_bounds();
}

void GroupRows::limit_calls() {
    std::set<int64_t> left;
    for (Stream &stream : streams_) {
        const size_t from = std::min<uint64_t>(run_.select.call_offset, stream.points.size());
        stream.points.erase(stream.points.begin(),
                            stream.points.begin() + static_cast<ptrdiff_t>(from));
        const uint64_t limit = run_.select.call_limit;
        if (limit != 0 && stream.points.size() > limit) stream.points.resize(limit);
        for (const Point &point : stream.points) left.insert(point.start);
    }
    std::erase_if(starts_, [&](int64_t start) { return !left.contains(start); });
}

Result<bool> GroupRows::finish_bucket(size_t i, int64_t start, char *states, Arena &arena) {
    const varve_function &function = bound_.function(i);
    std::vector<Point> &points = streams_[i].points;
    if (function.kind != VARVE_FUNCTION_MULTI) {
        varve_value value{};
        if (function.finish(bound_.state(states, i), arena.table(), &value) != VARVE_OK) {
            return arena.status();
        }
        // A point without a value (stddev of one row) makes a row, too.
        if (value.type == 0 && value.has_time == 0) return false;
        points.push_back({start, value, nullptr});
        return true;
    }
    const varve_value *rows = nullptr;
    uint64_t count = 0;
    const uint32_t descending = run_.select.ascending ? 0 : 1;
    if (function.finish_rows(bound_.state(states, i), descending, arena.table(), &rows, &count) !=
        VARVE_OK) {
        return arena.status();
    }
    if (count == 0) return false;
    if (run_.select.aggregates[i].counted_by != nullptr) {
        varve_value value{};
        value.type = VARVE_TYPE_INT64;
        value.value.as_int = static_cast<int64_t>(count);
        points.push_back({start, value, nullptr});
        return true;
    }
    const size_t width = 1 + extra_columns().size();
    for (uint64_t row = 0; row < count; ++row) {
        points.push_back({start, rows[row * width], rows + row * width + 1});
    }
    return true;
}

std::span<const varve_function_column> GroupRows::extra_columns() const {
    return is_multi() ? query::extra_columns(bound_.function(0))
                      : std::span<const varve_function_column>();
}

Status GroupRows::set_bounds() {
    const plan::TimeRange &range = run_.select.range;
    const bool ascending = run_.select.ascending;
    const int64_t low = range.has_min() ? windows_.bucket_of(range.min_ns).start_ns
                                        : (ascending ? starts_.front() : starts_.back());
    const int64_t high = windows_.bucket_of(range.max_ns).start_ns;
    cursor_ = ascending ? low : high;
    last_ = ascending ? high : low;
    for (Stream &stream : streams_) {
        if (stream.points.empty()) continue;
        // Without a lower bound a stream begins at its own first point.
        stream.first = ascending && !range.has_min() ? stream.points.front().start : cursor_;
    }
    return run_.budget.check_buckets(windows_.count(low, high));
}

Status GroupRows::next(size_t rows_max, Chunk &chunk) {
    chunk = Chunk{};
    for (const plan::Aggregate &aggregate : run_.select.aggregates) {
        chunk.values.emplace_back();
        chunk.values.back().reset(aggregate.type, 0);
    }
    for (const varve_function_column &column : extra_columns()) {
        chunk.values.emplace_back();
        chunk.values.back().reset(static_cast<Type>(column.type), 0);
    }
    while (!done_ && chunk.times.size() < rows_max) {
        if (is_multi()) {
            append_point(chunk);
            done_ = streams_[0].at == streams_[0].points.size();
            continue;
        }
        if (!fills()) {
            append_row(starts_[at_++], chunk);
            done_ = at_ == starts_.size();
            continue;
        }
        append_row(cursor_, chunk);
        const int64_t next =
            run_.select.ascending ? windows_.next_start(cursor_) : windows_.previous_start(cursor_);
        done_ = !before(cursor_, next) || before(last_, next);
        cursor_ = next;
    }
    return run_.budget.check();
}

void GroupRows::append_point(Chunk &chunk) {
    const Point &point = streams_[0].points[streams_[0].at++];
    chunk.times.push_back(point.value.has_time != 0 ? point.value.time : row_time(point.start));
    chunk.is_point.push_back(1);
    chunk.point_times.push_back(point.value.time);
    Vector &column = chunk.values[0];
    column.append_null(1);
    if (column.type != Type::none) set_value(column, column.valid.size() - 1, point.value);
    for (size_t i = 1; i < chunk.values.size(); ++i) {
        chunk.values[i].append_null(1);
        set_value(chunk.values[i], chunk.values[i].valid.size() - 1, point.extra[i - 1]);
    }
}

int64_t GroupRows::row_time(int64_t start) const {
    if (windows_.has_interval()) return start;
    const Stream &stream = streams_.front();
    if (run_.select.selector_time && stream.at < stream.points.size()) {
        return stream.points[stream.at].value.time;
    }
    return run_.select.range.has_min() ? run_.select.range.min_ns : 0;
}

void GroupRows::append_row(int64_t start, Chunk &chunk) {
    const Stream &first = streams_.front();
    const bool is_point = first.at < first.points.size() && first.points[first.at].start == start;
    chunk.times.push_back(row_time(start));
    chunk.is_point.push_back(is_point ? 1 : 0);
    chunk.point_times.push_back(is_point ? first.points[first.at].value.time : 0);
    for (size_t i = 0; i < streams_.size(); ++i) {
        Stream &stream = streams_[i];
        const bool has =
            stream.at < stream.points.size() && stream.points[stream.at].start == start;
        append_cell(i, start, has, chunk);
        if (!has) continue;
        stream.previous = stream.points[stream.at++];
        stream.previous_is_null = false;
    }
}

void GroupRows::append_cell(size_t i, int64_t start, bool is_point, Chunk &chunk) {
    Vector &column = chunk.values[i];
    column.append_null(1);
    if (column.type == Type::none) return;
    const size_t row = column.valid.size() - 1;
    const Stream &stream = streams_[i];
    if (is_point) {
        const varve_value &value = stream.points[stream.at].value;
        set_value(column, row, value);
        return;
    }
    if (!fills()) return;
    const bool filled = !stream.points.empty() && !before(start, stream.first) &&
                        (bound_.flags(i) & VARVE_FUNCTION_FILLABLE) != 0;
    if (filled && fill_cell(i, start, column)) return;
    const plan::Fill &fill = run_.select.fill;
    if (fill.kind == plan::FillKind::previous && !stream.previous_is_null) {
        set_value(column, row, stream.previous.value);
    } else if (fill.kind == plan::FillKind::number) {
        if (plan::is_numeric(column.type)) column.set(row, fill_bits(fill, column.type));
        // A number is no text and no truth.
        if (column.type == Type::string && filled) column.set_text(row, {});
        if (column.type == Type::boolean && filled) column.set(row, 0);
    }
}

// Null and linear apply only inside a stream; true = the cell is settled.
bool GroupRows::fill_cell(size_t i, int64_t start, Vector &column) const {
    const size_t row = column.valid.size() - 1;
    switch (run_.select.fill.kind) {
        case plan::FillKind::null:
            if ((bound_.flags(i) & VARVE_FUNCTION_FILL_ZERO) != 0) column.set(row, 0);
            return true;
        case plan::FillKind::linear:
            interpolate(streams_[i], start, column);
            return true;
        default:
            return false;
    }
}

void GroupRows::interpolate(const Stream &stream, int64_t start, Vector &column) const {
    if (stream.previous_is_null || stream.at >= stream.points.size()) return;
    if (!plan::is_numeric(column.type)) return;
    const size_t row = column.valid.size() - 1;
    for (const Point *point : {&stream.previous, &stream.points[stream.at]}) {
        if (point->value.type == 0) return set_value(column, row, point->value);
    }
    const Point &next = stream.points[stream.at];
    const int64_t from = windows_.number_of(stream.previous.start);
    const int64_t to = windows_.number_of(next.start);
    const int64_t here = windows_.number_of(start);
    const auto steps = static_cast<double>(to - from);
    const auto step = static_cast<double>(here - from);
    const uint64_t a = stream.previous.value.value.as_uint;
    const uint64_t b = next.value.value.as_uint;
    if (column.type == Type::floating) {
        const auto left = std::bit_cast<double>(a);
        column.set_number(row, (std::bit_cast<double>(b) - left) / steps * step + left);
        return;
    }
    const auto left = std::bit_cast<double>(convert_bits(a, column.type, Type::floating));
    const auto right = std::bit_cast<double>(convert_bits(b, column.type, Type::floating));
    const double value = (right - left) / steps * step + left;
    column.set(row, convert_bits(std::bit_cast<uint64_t>(value), Type::floating, column.type));
}

}  // namespace varve::query::exec
