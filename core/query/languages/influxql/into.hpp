// SELECT … INTO: the rows become points and go the way that all points go.
#pragma once

#include "query/languages/influxql/statements.hpp"
#include "write/row_batch.hpp"

namespace varve::query::influxql {

// Turns rows into points: the series' tags stay tags, other columns become fields. Values that are
// null or no number are left out, and a row with an infinite one or without any value.
class IntoSink final : public exec::RowSink {
  public:
    // `target` is complete but for the name, which may be empty: the source's. `tag_columns` are
    // columns that become tags.
    IntoSink(Session &session, const Source &target, std::vector<std::string> tag_columns)
        : session_(session), target_(target), tag_columns_(std::move(tag_columns)) {}

    bool takes_infinite() const override { return true; }
    Status begin_series(const exec::SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const exec::Vector> values,
                size_t row_count) override;
    // Writes what is left.
    Status flush();

    uint64_t written() const { return written_; }

  private:
    // False: the row has an infinite value, which no point can hold.
    bool take_row(std::span<const exec::Vector> columns, size_t row);

    Session &session_;
    const Source &target_;
    const std::vector<std::string> tag_columns_;
    exec::SeriesHead head_;
    std::vector<bool> is_tag_;  // by column behind the time
    bool has_tag_columns_ = false;
    RowBatch batch_;
    std::vector<RowBatch::Value> row_;  // the values of the row at hand
    Tags tags_;                         // and its tags
    uint64_t written_ = 0;
};

// Runs the statement, whose names are normalised; how many points were written.
Result<uint64_t> write_into(Session &session, const SelectStatement &select);
// The same, and answers it.
Status execute_into(Session &session, const SelectStatement &select);

}  // namespace varve::query::influxql
