// ORDER BY a column: rows of a series in the order of their values, series in the order of their
// first rows, and only then LIMIT and SLIMIT. Rows are held in memory.
#pragma once

#include "query/exec/rows/row_keeper.hpp"
#include "query/exec/rows/row_sink.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

// Takes the rows of one measurement.
class OrderedRows final : public RowSink {
  public:
    OrderedRows(const plan::Select &select, Budget &budget) : select_(select), keeper_(budget) {}

    Status begin_series(const SeriesHead &head) override;
    Status rows(std::span<const int64_t> times, std::span<const Vector> values,
                size_t row_count) override;
    Status emit(RowSink &sink);

  private:
    struct Series {
        SeriesHead head;
        std::vector<int64_t> times;
        std::vector<Vector> columns;
        std::vector<uint32_t> order;  // of the rows
    };

    // Whether row a of one series comes before row b of another. Null comes last.
    bool before(const Series &left, uint32_t a, const Series &right, uint32_t b) const;
    void sort();
    Status emit_series(const Series &series, RowSink &sink) const;

    const plan::Select &select_;
    RowKeeper keeper_;
    std::vector<Series> series_;
};

}  // namespace varve::query::exec
