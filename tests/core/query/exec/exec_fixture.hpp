// Plans, budgets and rows for operators under test.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "query/exec/budget.hpp"
#include "query/exec/rows/row_sink.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

inline Limits memory_limit(uint64_t size_bytes) {
    Limits limits;
    limits.memory = size_bytes;
    return limits;
}

struct TestBudget : Budget {
    explicit TestBudget(const Limits &limits = {})
        : Budget(
              limits, [] { return int64_t{0}; }, [] { return false; }) {}
};

// A select with outputs of these names and types.
inline plan::Select select_of(const std::vector<std::pair<std::string, Type>> &outputs) {
    plan::Select select;
    for (const auto &[name, type] : outputs) {
        plan::Output output;
        output.name = name;
        output.type = type;
        select.outputs.push_back(std::move(output));
    }
    return select;
}

using Numbers = std::vector<std::optional<double>>;
using Texts = std::vector<std::optional<std::string>>;

inline Vector numbers(const Numbers &values) {
    Vector out;
    out.reset(Type::floating, values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        if (values[i]) out.set_number(i, *values[i]);
    }
    return out;
}

// Borrows the texts.
inline Vector texts(const Texts &values) {
    Vector out;
    out.reset(Type::string, values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        if (values[i]) out.set_text(i, *values[i]);
    }
    return out;
}

// Writes a series as "name{tags}: time value value; time value value", "-" for null.
class TextSink final : public RowSink {
  public:
    Status begin_series(const SeriesHead &head) override {
        lines.push_back(head.name + "{");
        for (const auto &[key, value] : head.tags) lines.back() += key + "=" + value;
        lines.back() += "}:";
        return {};
    }
    Status rows(std::span<const int64_t> times, std::span<const Vector> values, size_t) override {
        for (size_t row = 0; row < times.size(); ++row) {
            lines.back() += " " + std::to_string(times[row]);
            for (const Vector &column : values) lines.back() += " " + cell(column, row);
            lines.back() += ";";
        }
        return {};
    }
    bool series_full() const override { return is_full; }

    std::vector<std::string> lines;
    bool is_full = false;

  private:
    static std::string cell(const Vector &column, size_t row) {
        if (!column.is_valid(row)) return "-";
        if (column.type == Type::string) return std::string(column.text[row]);
        return std::to_string(static_cast<int64_t>(column.number(row)));
    }
};

}  // namespace varve::query::exec
