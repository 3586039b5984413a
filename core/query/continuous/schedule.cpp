#include "query/continuous/schedule.hpp"

#include <algorithm>
#include <cstdlib>

namespace varve::query {

namespace {

// The multiple of the duration before the instant, by local clocks. Where clocks are changed in
// between, the local time is kept as long as the change is smaller than the duration.
int64_t truncate(int64_t time_ns, int64_t duration_ns, const TimeZone &zone) {
    const int64_t ahead_ns = zone.offset_ns(time_ns);
    int64_t since_ns = (time_ns + ahead_ns) % duration_ns;
    if (since_ns < 0) since_ns += duration_ns;
    const int64_t out = time_ns - since_ns;
    const int64_t change_ns = ahead_ns - zone.offset_ns(out);
    return std::abs(change_ns) < duration_ns ? out + change_ns : out;
}

}  // namespace

Schedule Schedule::of(const influxql::Statement &statement) {
    const influxql::GroupTime windows = influxql::group_time(*statement.select);
    Schedule out;
    out.zone = statement.select->zone;
    out.interval_ns = std::max<int64_t>(0, windows.interval_ns);
    if (out.interval_ns == 0) return out;
    out.offset_ns = windows.offset_ns % out.interval_ns;
    out.every_ns = statement.resample_every_ns.value_or(out.interval_ns);
    out.span_ns = statement.resample_for_ns.value_or(std::max(out.interval_ns, out.every_ns));
    return out;
}

int64_t Schedule::next_run_ns(int64_t last_run_ns) const {
    if (last_run_ns == 0) return 0;
    const int64_t next = last_run_ns + every_ns;
    const int64_t change_ns = zone.offset_ns(last_run_ns - 1) - zone.offset_ns(next - 1);
    return std::abs(change_ns) < every_ns ? next + change_ns : next;
}

std::optional<DueRun> due_run(const Schedule &schedule, int64_t last_run_ns, int64_t now_ns) {
    int64_t next = now_ns;
    if (last_run_ns != 0) {
        next = schedule.next_run_ns(last_run_ns);
        if (next > now_ns) return std::nullopt;
    }
    const int64_t interval = schedule.interval_ns;
    const int64_t offset = schedule.offset_ns;
    const auto floor = [&](int64_t time_ns, int64_t duration_ns) {
        return truncate(time_ns - offset, duration_ns, schedule.zone) + offset;
    };
    return DueRun{floor(now_ns, schedule.every_ns),
                  floor(next + interval - schedule.span_ns - 1, interval),
                  floor(now_ns + interval - std::min(schedule.every_ns, interval), interval)};
}

}  // namespace varve::query
