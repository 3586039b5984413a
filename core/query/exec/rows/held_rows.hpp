// A sink that holds what it is given, series by series.
#pragma once

#include "query/exec/rows/row_keeper.hpp"
#include "query/exec/rows/row_sink.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

class HeldRows : public RowSink {
  public:
    struct Series {
        SeriesHead head;
        std::vector<int64_t> times;
        std::vector<Vector> columns;
    };

    // Columns have the types of the select's outputs.
    HeldRows(const plan::Select &select, Budget &budget) : select_(select), keeper_(budget) {}

    Status begin_series(const SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const Vector> values,
                size_t row_count) override;

    const std::vector<Series> &series() const { return series_; }
    // All of them, in the order they came.
    Status emit(RowSink &sink) const;

  protected:
    const plan::Select &select_;
    std::vector<Series> series_;

  private:
    RowKeeper keeper_;
};

}  // namespace varve::query::exec
