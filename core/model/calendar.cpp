#include "model/calendar.hpp"

#include <date/date.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace varve {

namespace {

struct Unit {
    std::string_view name;
    int64_t months;
};

constexpr std::array<Unit, 3> kUnits{{{"y", 12}, {"q", 3}, {"mo", 1}}};
constexpr __int128 kDay = static_cast<__int128>(86400) * 1000000000;

__int128 floor_div(__int128 a, __int128 b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

std::optional<int64_t> parse_calendar_months(std::string_view text) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0 || count > kCalendarMonthsMax) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    for (const Unit &unit : kUnits) {
        if (text != unit.name) continue;
        if (count * unit.months > kCalendarMonthsMax) return std::nullopt;
        return count * unit.months;
    }
    return std::nullopt;
}

std::string format_calendar_months(int64_t months) {
    for (const Unit &unit : kUnits) {
        if (months != 0 && months % unit.months == 0) {
            return std::to_string(months / unit.months).append(unit.name);
        }
    }
    return "0mo";
}

int64_t CalendarGrid::start_of(int64_t number) const {
    const __int128 month = static_cast<__int128>(number) * months_;
    const __int128 year = floor_div(month, 12);
    // Beyond these years no instant can be told.
    if (year < 1000 || year > 3000) return year < 1000 ? kTimeMin : kTimeMax;
    const auto day = date::sys_days(date::year{static_cast<int>(year)} /
                                    date::month{static_cast<unsigned>(month - year * 12) + 1} / 1);
    const __int128 local = day.time_since_epoch().count() * kDay + offset_ns_;
    if (local < kTimeMin + kDay) return kTimeMin;
    if (local > kTimeMax - kDay) return kTimeMax;
    return zone_.from_local(static_cast<int64_t>(local));
}

int64_t CalendarGrid::number_of(int64_t time_ns) const {
    const __int128 local = static_cast<__int128>(time_ns) + zone_.offset_ns(time_ns) - offset_ns_;
    const date::year_month_day day{
        date::sys_days{date::days{static_cast<int>(floor_div(local, kDay))}}};
    const int64_t month =
        static_cast<int>(day.year()) * int64_t{12} + static_cast<unsigned>(day.month()) - 1;
    const auto number = static_cast<int64_t>(floor_div(month, months_));
    // Where clocks are set back over a bucket's begin, local times near it come twice.
    if (start_of(number) > time_ns) return number - 1;
    const int64_t next = start_of(number + 1);
    return next <= time_ns && next < kTimeMax ? number + 1 : number;
}

}  // namespace varve
