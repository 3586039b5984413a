#include "query/exec/projection.hpp"

#include <algorithm>
#include <cmath>

#include "query/exec/evaluate.hpp"
#include "query/exec/measurement_scan.hpp"

namespace varve::query::exec {

namespace {

void slice(Vector &vector, size_t from, size_t count) {
    if (vector.type == Type::none) return;
    const auto cut = [&](auto &list) {
        if (list.empty()) return;
        list.erase(list.begin(), list.begin() + static_cast<ptrdiff_t>(from));
        list.resize(count);
    };
    cut(vector.bits);
    cut(vector.text);
    cut(vector.valid);
}

Status check_finite(const Vector &vector, size_t rows) {
    if (vector.type != Type::floating) return {};
    for (size_t row = 0; row < rows; ++row) {
        if (!vector.is_valid(row) || !std::isinf(vector.number(row))) continue;
        return {Code::invalid_argument, vector.number(row) > 0 ? "json: unsupported value: +Inf"
                                                               : "json: unsupported value: -Inf"};
    }
    return {};
}

bool all_finite(const Vector &vector, size_t rows) {
    if (vector.type != Type::floating) return true;
    for (size_t row = 0; row < rows; ++row) {
        if (vector.is_valid(row) && !std::isfinite(vector.number(row))) return false;
    }
    return true;
}

void drop_nan(Vector &vector, size_t rows) {
    if (vector.type != Type::floating) return;
    for (size_t row = 0; row < rows; ++row) {
        if (vector.is_valid(row) && std::isnan(vector.number(row))) vector.valid[row] = 0;
    }
}

}  // namespace

Projection::Projection(const plan::Select &select, RowSink &sink)
    : select_(select),
      sink_(sink),
      passes_on_([&select] {
          for (uint32_t i = 0; i < select.outputs.size(); ++i) {
              const plan::Scalar &value = select.outputs[i].value;
              if (value.op != plan::Op::input || value.input != i) return false;
          }
          return true;
      }()),
      input_fill_(select) {}

void Projection::begin(const std::string &measurement, const std::string &key) {
    head_ = SeriesHead{};
    head_.name = measurement;
    const std::vector<std::string> values = split_group_key(key, select_.group_tags.size());
    for (size_t i = 0; i < values.size(); ++i) {
        head_.tags.emplace_back(select_.group_tags[i], values[i]);
    }
    head_.columns.push_back(select_.time_name);
    for (const plan::Output &output : select_.outputs) head_.columns.push_back(output.name);
    head_sent_ = false;
    skipped_ = 0;
    emitted_ = 0;
    input_fill_.begin();
}

uint64_t Projection::wanted() const {
    if (select_.limit == 0 || select_.having) return 0;
    return select_.limit - emitted_ + select_.offset - skipped_;
}

// Without the rows that HAVING does not let through.
Status Projection::push(std::span<const int64_t> times, std::span<const Vector> columns) {
    if (!select_.having) return push_rows(times, columns);
    const std::vector<uint8_t> passing = evaluate_condition(*select_.having, columns, times.size());
    if (std::find(passing.begin(), passing.end(), 0) == passing.end()) {
        return push_rows(times, columns);
    }
    std::vector<int64_t> kept_times;
    std::vector<Vector> kept(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) kept[i].reset(columns[i].type, 0);
    for (size_t row = 0; row < times.size(); ++row) {
        if (passing[row] == 0) continue;
        kept_times.push_back(times[row]);
        for (size_t i = 0; i < columns.size(); ++i) kept[i].append_from(columns[i], row);
    }
    return push_rows(kept_times, kept);
}

Status Projection::push_rows(std::span<const int64_t> times, std::span<const Vector> columns) {
    const uint64_t skip = std::min<uint64_t>(select_.offset - skipped_, times.size());
    skipped_ += skip;
    uint64_t count = times.size() - skip;
    if (select_.limit != 0) count = std::min(count, select_.limit - emitted_);
    if (count == 0) return {};
    std::vector<Vector> filled;
    std::vector<Vector> made;
    bool cuts = skip != 0 || count != times.size();
    if (input_fill_.active()) {
        filled = input_fill_.filled(columns, skip, count);
        columns = filled;
        cuts = false;
    }
    std::span<const Vector> values =
        columns.first(std::min(columns.size(), select_.outputs.size()));
    if (cuts || !passes_on_) {
        for (const plan::Output &output : select_.outputs) {
            made.push_back(evaluate(output.value, columns, cuts ? times.size() : count));
            if (cuts) slice(made.back(), skip, count);
        }
        values = made;
    }
    const bool finite =
        sink_.takes_nan() || std::all_of(values.begin(), values.end(), [&](const Vector &column) {
            return all_finite(column, count);
        });
    if (!finite) {
        if (made.empty()) made.assign(values.begin(), values.end());
        for (Vector &column : made) {
            drop_nan(column, count);
            if (!sink_.takes_infinite()) VARVE_RETURN_IF_ERROR(check_finite(column, count));
        }
        values = made;
    }
    if (!head_sent_) {
        VARVE_RETURN_IF_ERROR(sink_.begin_series(head_));
        head_sent_ = true;
    }
    emitted_ += count;
    return sink_.rows(times.subspan(skip, count), values, count);
}

}  // namespace varve::query::exec
