#include "query/exec/aggregate/window.hpp"

namespace varve::query::exec {

namespace {

int64_t magnitude(int64_t value) {
    return value < 0 ? -value : value;
}

int64_t saturated_add(int64_t a, int64_t b) {
    int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? kTimeMax : kTimeMin;
}

}  // namespace

Bucket Windows::bucket_of(int64_t time_ns) const {
    if (!has_interval()) return {range_.min_ns, saturated_add(range_.max_ns, 1)};
    if (is_calendar()) {
        const int64_t number = calendar_.number_of(time_ns);
        return {calendar_.start_of(number), calendar_.start_of(number + 1)};
    }
    const int64_t interval = window_.interval_ns;
    const int64_t time = saturated_add(time_ns, -window_.offset_ns);
    const int64_t zone = zone_ns(time);
    int64_t into = static_cast<int64_t>((static_cast<__int128>(time) + zone) % interval);
    if (into < 0) into += interval;

    int64_t start = kTimeMin + into >= time ? kTimeMin : time - into;
    start = saturated_add(start, window_.offset_ns);
    int64_t end = kTimeMax - (interval - into) <= time ? kTimeMax : time + (interval - into);
    if (!window_.zone.is_utc()) {
        // A change of the zone's offset inside the bucket moves its edges, if it is smaller than
        // the bucket; otherwise time would go back.
        const int64_t at_start = zone - zone_ns(start);
        if (at_start != 0 && magnitude(at_start) < interval) start += at_start;
        const int64_t zone_at_end = zone_ns(end);
        const int64_t at_end = zone - zone_at_end;
        if (at_end != 0 && magnitude(at_end) < interval &&
            (at_end > 0 || zone_ns(end + at_end) == zone_at_end)) {
            end += at_end;
        }
    }
    return {start, saturated_add(end, window_.offset_ns)};
}

int64_t Windows::next_start(int64_t start_ns) const {
    if (is_calendar()) return calendar_.start_of(calendar_.number_of(start_ns) + 1);
    const int64_t next = saturated_add(start_ns, window_.interval_ns);
    if (window_.zone.is_utc()) return next;
    const int64_t end = bucket_of(start_ns).end_ns;
    return end > start_ns ? end : next;
}

int64_t Windows::previous_start(int64_t start_ns) const {
    if (is_calendar()) return calendar_.start_of(calendar_.number_of(start_ns) - 1);
    const int64_t previous = saturated_add(start_ns, -window_.interval_ns);
    if (window_.zone.is_utc()) return previous;
    const int64_t before = bucket_of(saturated_add(start_ns, -1)).start_ns;
    return before < start_ns ? before : previous;
}

uint64_t Windows::count() const {
    if (!has_interval() || !range_.has_min() || range_.empty()) return 0;
    return count(bucket_of(range_.min_ns).start_ns, bucket_of(range_.max_ns).start_ns);
}

uint64_t Windows::count(int64_t first_start_ns, int64_t last_start_ns) const {
    if (last_start_ns < first_start_ns) return 0;
    if (is_calendar()) {
        const int64_t first = calendar_.number_of(first_start_ns);
        return static_cast<uint64_t>(calendar_.number_of(last_start_ns) - first) + 1;
    }
    const __int128 span = static_cast<__int128>(last_start_ns) - first_start_ns;
    return static_cast<uint64_t>(span / window_.interval_ns) + 1;
}

}  // namespace varve::query::exec
