// ORDER BY a column: rows of a series in the order of their values, series in the order of their
// first rows, and only then LIMIT and SLIMIT. Rows are held in memory.
#pragma once

#include "query/exec/rows/held_rows.hpp"

namespace varve::query::exec {

// Takes the rows of one measurement.
class OrderedRows final : public HeldRows {
  public:
    using HeldRows::HeldRows;

    Status emit_ordered(RowSink &sink);

  private:
    using Order = std::vector<uint32_t>;  // of a series' rows

    // Whether row a of one series comes before row b of another. Null comes last.
    bool before(const Series &left, uint32_t a, const Series &right, uint32_t b) const;
    Order order_of(const Series &series) const;
    Status emit_series(const Series &series, const Order &order, RowSink &sink) const;
};

}  // namespace varve::query::exec
