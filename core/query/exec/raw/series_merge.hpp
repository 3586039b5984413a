// The order of raw rows of several series of a group: by time, and rows of equal time as InfluxDB
// has them.
//
// InfluxDB merges a group's series of a shard by a binary heap (Go's container/heap) of each
// series' next row, the series in the order of their keys. Rows of equal time leave the heap as its
// shape has it, which is neither the order of the keys nor chance: with three series of the same
// times it is a, c, b at first, then another. Clients see it wherever a SELECT does not group by
// all tags, and with LIMIT it decides which rows there are; so the same heap is kept here.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace varve::query::exec {

class SeriesMerge {
  public:
    // The rows of one series in one shard, in the direction of the query.
    struct Cursor {
        uint32_t group = 0;   // the caller's number, too
        uint32_t series = 0;  // the caller's number
        uint32_t rank = 0;    // of equal times the lower comes first; equal ranks: the tie order
        const uint32_t *at = nullptr;
        const uint32_t *end = nullptr;
        const int64_t *times = nullptr;  // by row
    };
    // Whether one cursor's row comes before another's of the same time.
    using TieOrder = std::function<bool(const Cursor &, const Cursor &)>;

    // No tie order: such rows are equal.
    SeriesMerge(bool ascending, TieOrder tie_order)
        : ascending_(ascending), tie_order_(std::move(tie_order)) {}

    // Begins a shard; cursors by key in the direction. None is empty.
    void begin(std::vector<Cursor> cursors);
    bool done() const { return heap_.empty(); }
    // The cursor whose row comes next; valid until advance().
    const Cursor &top();
    // Passes the row that top() showed.
    void advance();

  private:
    bool less(const Cursor &a, const Cursor &b) const;
    void up(size_t at);
    void down(size_t at, size_t count);

    const bool ascending_;
    const TieOrder tie_order_;
    std::vector<Cursor> heap_;  // between top() and advance() the row's cursor is the last
    bool popped_ = false;
};

}  // namespace varve::query::exec
