// The buckets of GROUP BY time: aligned to the epoch plus an offset, in a zone's local time, or
// months of the zone's calendar.
#pragma once

#include "model/calendar.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

struct Bucket {
    int64_t start_ns = 0;  // inclusive
    int64_t end_ns = 0;    // exclusive
};

class Windows {
  public:
    Windows(const plan::Window &window, const plan::TimeRange &range)
        : window_(window), range_(range), calendar_(window.months, window.offset_ns, window.zone) {}

    bool has_interval() const { return window_.interval_ns > 0; }
    Bucket bucket_of(int64_t time_ns) const;
    // The neighbour's start, across changes of the zone's offset.
    int64_t next_start(int64_t start_ns) const;
    int64_t previous_start(int64_t start_ns) const;
    bool is_calendar() const { return window_.months > 0; }
    const CalendarGrid &calendar() const { return calendar_; }
    // Buckets counted along time from any fixed one; of calendar months, or in whole intervals.
    int64_t number_of(int64_t start_ns) const {
        return is_calendar() ? calendar_.number_of(start_ns) : start_ns / window_.interval_ns;
    }
    // How many buckets begin between these two starts, both included.
    uint64_t count(int64_t first_start_ns, int64_t last_start_ns) const;
    // How many buckets the whole range has; 0 = the range has no lower bound.
    uint64_t count() const;

  private:
    int64_t zone_ns(int64_t time_ns) const { return window_.zone.offset_ns(time_ns); }

    const plan::Window &window_;
    const plan::TimeRange &range_;
    const CalendarGrid calendar_;
};

}  // namespace varve::query::exec
