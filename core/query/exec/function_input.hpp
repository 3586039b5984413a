// What functions take: columns and arguments in the form of the ABI.
#pragma once

#include <varve/kind/function.h>

#include "query/exec/rows/vector.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

// Borrows the texts. The first argument is the column, of this type.
std::vector<varve_argument> bind_arguments(const std::vector<plan::Argument> &arguments,
                                           Type column_type);

// Borrows the vector's numbers and texts; holds what has to be laid out anew. Neither copied nor
// moved, because the column points into it.
class ColumnCopy {
  public:
    ColumnCopy(const Vector &vector, size_t rows);
    ColumnCopy(const ColumnCopy &) = delete;
    ColumnCopy &operator=(const ColumnCopy &) = delete;

    const varve_column &column() const { return column_; }

  private:
    varve_column column_{};
    std::vector<uint64_t> validity_;
    std::vector<uint8_t> booleans_;
    std::vector<varve_str> texts_;
};

}  // namespace varve::query::exec
