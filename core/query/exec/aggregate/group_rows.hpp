// The rows of one aggregated group: finished values, filled buckets, row by row in the plan's
// direction.
//
// Every aggregate is a stream of its own. A stream without any point in the group is never filled;
// the others are, from the range's lower bound (or their first point) to its upper bound. Where one
// stream has a row and another has none, the other shows the fill's number, its previous value, or
// null. A function that gives several rows of a bucket is alone, and never filled.
#pragma once

#include <span>
#include <vector>

#include "query/exec/aggregate/aggregate_groups.hpp"

namespace varve::query::exec {

class GroupRows {
  public:
    GroupRows(const Run &run, const BoundAggregates &bound, const Windows &windows)
        : run_(run), bound_(bound), windows_(windows) {}

    // Finishes the group's states.
    Status begin(GroupStates &group, Arena &arena);

    struct Chunk {
        std::vector<int64_t> times;
        std::vector<Vector> values;        // one per aggregate, and a multi's extra columns
        std::vector<uint8_t> is_point;     // 0: the first aggregate's value is a filled one
        std::vector<int64_t> point_times;  // of the first aggregate's point, where it is one
    };
    // The next rows, at most rows_max; none = the group is done.
    Status next(size_t rows_max, Chunk &chunk);

  private:
    struct Point {
        int64_t start = 0;
        varve_value value{};
        const varve_value *extra = nullptr;  // of a multi: what follows the value, in the arena
    };
    struct Stream {
        std::vector<Point> points;  // in the plan's direction
        size_t at = 0;              // the first point not yet passed
        int64_t first = 0;          // the first bucket that is filled, in the direction
        bool previous_is_null = true;
        Point previous;
    };

    bool before(int64_t a, int64_t b) const { return run_.select.ascending ? a < b : a > b; }
    bool fills() const {
        return windows_.has_interval() && !is_multi() &&
               run_.select.fill.kind != plan::FillKind::none;
    }
    bool is_multi() const {
        const plan::Aggregate &first = run_.select.aggregates.front();
        return first.function->kind == VARVE_FUNCTION_MULTI && first.counted_by == nullptr;
    }
    // False: the bucket has no row of this aggregate.
    Result<bool> finish_bucket(size_t i, int64_t start, char *states, Arena &arena);
    std::span<const varve_function_column> extra_columns() const;
    void append_point(Chunk &chunk);
    // LIMIT and OFFSET of every aggregate.
    void limit_calls();
    Status set_bounds();
    void append_row(int64_t start, Chunk &chunk);
    void append_cell(size_t i, int64_t start, bool is_point, Chunk &chunk);
    bool fill_cell(size_t i, int64_t start, Vector &column) const;
    void interpolate(const Stream &stream, int64_t start, Vector &column) const;
    int64_t row_time(int64_t start) const;

    const Run &run_;
    const BoundAggregates &bound_;
    const Windows &windows_;
    std::vector<Stream> streams_;
    std::vector<int64_t> starts_;  // without filling: the buckets that have rows
    size_t at_ = 0;
    bool done_ = true;
    int64_t cursor_ = 0;
    int64_t last_ = 0;
};

}  // namespace varve::query::exec
