// Where a statement's rows go: an encoder, or another operator.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.hpp"
#include "query/exec/rows/vector.hpp"

namespace varve::query::exec {

struct SeriesHead {
    std::string name;
    std::vector<std::pair<std::string, std::string>> tags;  // sorted by key
    std::vector<std::string> columns;
    bool has_time = true;   // column 0 is the time
    bool has_list = false;  // the last column's texts are lists, an element a line
};

class RowSink {
  public:
    virtual ~RowSink() = default;
    // A new series; the head must live until the next begin_series or the statement's end.
    virtual Status begin_series(const SeriesHead &head) = 0;
    // times is empty when the head has no time; values are the other columns.
    virtual Status rows(std::span<const int64_t> times, std::span<const Vector> values,
                        size_t row_count) = 0;
    // Whether infinite values may come; elsewhere they are an error.
    virtual bool takes_infinite() const { return false; }
    // Whether NaN may come, and infinite values too; elsewhere it is null.
    virtual bool takes_nan() const { return false; }
    // Further rows of the series that is begun would be dropped.
    virtual bool series_full() const { return false; }
};

}  // namespace varve::query::exec
