// Rows that an operator holds: texts are copied, everything is charged to the budget.
#pragma once

#include "query/exec/budget.hpp"
#include "query/exec/rows/vector.hpp"

namespace varve::query::exec {

// Not thread-safe. What it charged is released with it.
class RowKeeper {
  public:
    explicit RowKeeper(Budget &budget) : budget_(budget), texts_(budget) {}
    ~RowKeeper() { budget_.release(charged_); }
    RowKeeper(const RowKeeper &) = delete;
    RowKeeper &operator=(const RowKeeper &) = delete;

    // Before rows are appended: a time and the values of so many columns each.
    Status charge(size_t rows, size_t columns);
    // The value behind the column's last, as its type has it.
    Status append(const Vector &from, size_t row, Vector &column);

  private:
    Budget &budget_;
    Arena texts_;
    uint64_t charged_ = 0;
};

}  // namespace varve::query::exec
