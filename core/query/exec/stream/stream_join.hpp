// Several streams of a measurement side by side: collected per output series, then joined by time.
//
// Every stream has its own rows; where one has a row and another has none, the other shows the
// fill's number, its previous value, or null. Equal times are joined in order: the first row of one
// stream with the first of the other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "query/exec/projection.hpp"
#include "query/exec/rows/row_keeper.hpp"
#include "query/exec/stream/stream_chain.hpp"

namespace varve::query::exec {

class StreamJoin {
  public:
    StreamJoin(const plan::Select &select, Budget &budget)
        : select_(select), budget_(budget), keeper_(budget) {}

    // Rows of one stream and series, in the plan's direction. Texts are copied.
    Status add(size_t stream, const std::string &key, const StreamRows &rows);
    bool full(size_t stream, const std::string &key) const;
    // Every series, joined.
    Status emit(const std::string &measurement, Projection &projection);

  private:
    struct Column {
        StreamRows rows;
        uint64_t skipped = 0;
    };
    using Series = std::vector<Column>;  // by stream

    Status emit_series(const Series &series, Projection &projection);
    void append_default(const Vector &last, Vector &column) const;

    const plan::Select &select_;
    Budget &budget_;
    RowKeeper keeper_;
    std::map<std::string, Series> series_;
};

}  // namespace varve::query::exec
