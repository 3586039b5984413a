// Buckets of whole calendar months: the grid behind GROUP BY time(1mo).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/time.hpp"

namespace varve {

// The mean length of a month of the Gregorian calendar, 365.2425 days / 12.
inline constexpr int64_t kMonthNs = 2629746LL * 1000000000LL;
inline constexpr int64_t kCalendarMonthsMax = 12 * 1000;

// "2mo", "1q", "1y" as months; none if the text is no such length, or above kCalendarMonthsMax.
std::optional<int64_t> parse_calendar_months(std::string_view text);
// In the largest unit that fits: "1y", "1q", "2mo".
std::string format_calendar_months(int64_t months);

// Buckets begin when local clocks show the first day's midnight plus the offset. They are counted
// from January of year 0, so that 3 months are the quarters and 12 the years.
class CalendarGrid {
  public:
    // months: 1 … kCalendarMonthsMax. The offset is of local clocks.
    CalendarGrid(int64_t months, int64_t offset_ns, const TimeZone &zone)
        : months_(months), offset_ns_(offset_ns), zone_(zone) {}

    // The number of the bucket that holds the instant.
    int64_t number_of(int64_t time_ns) const;
    // The bucket's first instant, within kTimeMin … kTimeMax. Never descends.
    int64_t start_of(int64_t number) const;

  private:
    const int64_t months_;
    const int64_t offset_ns_;
    const TimeZone &zone_;
};

}  // namespace varve
