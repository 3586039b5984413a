// The buckets of GROUP BY time: aligned to the epoch plus an offset, in a zone's local time.
#pragma once

#include "query/plan/select.hpp"

namespace varve::query::exec {

struct Bucket {
    int64_t start_ns = 0;  // inclusive
    int64_t end_ns = 0;    // exclusive
};

class Windows {
  public:
    Windows(const plan::Window &window, const plan::TimeRange &range)
        : window_(window), range_(range) {}

    bool has_interval() const { return window_.interval_ns > 0; }
    Bucket bucket_of(int64_t time_ns) const;
    // The neighbour's start, across changes of the zone's offset.
    int64_t next_start(int64_t start_ns) const;
    int64_t previous_start(int64_t start_ns) const;
    // How many buckets the whole range has; 0 = the range has no lower bound.
    uint64_t count() const;

  private:
    int64_t zone_ns(int64_t time_ns) const { return window_.zone.offset_ns(time_ns); }

    const plan::Window &window_;
    const plan::TimeRange &range_;
};

}  // namespace varve::query::exec
