#include "model/time.hpp"

#include <date/tz.h>

#include <cstdio>

namespace varve {

namespace {

constexpr int64_t kSecond = 1000000000;

int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

// Takes exactly `width` digits; -1 = they are not there.
int take_digits(std::string_view &text, size_t width) {
    if (text.size() < width) return -1;
    int value = 0;
    for (size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view &text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

struct Civil {
    int64_t seconds = 0;  // as if local time were UTC
    int64_t fraction_ns = 0;
    std::optional<int64_t> offset_s;
};

bool take_clock(std::string_view &text, Civil &civil) {
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ':')) return false;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ':')) return false;
    const int second = take_digits(text, 2);
    if (second < 0 || second > 59) return false;
    civil.seconds += hour * 3600 + minute * 60 + second;
    if (!take(text, '.')) return true;
    int64_t scale = kSecond;
    size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        if (++digits > 9) return false;
        scale /= 10;
        civil.fraction_ns += (text.front() - '0') * scale;
        text.remove_prefix(1);
    }
    return digits > 0;
}

bool take_offset(std::string_view &text, Civil &civil) {
    if (take(text, 'Z')) {
        civil.offset_s = 0;
        return true;
    }
    const bool minus = !text.empty() && text.front() == '-';
    if (!take(text, '+') && !take(text, '-')) return false;
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 24 || !take(text, ':')) return false;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59) return false;
    civil.offset_s = (minus ? -1 : 1) * (hour * 3600 + minute * 60);
    return true;
}

std::optional<Civil> parse_civil(std::string_view text) {
    const int year = take_digits(text, 4);
    if (year < 0 || !take(text, '-')) return std::nullopt;
    const int month = take_digits(text, 2);
    if (month < 1 || !take(text, '-')) return std::nullopt;
    const int day = take_digits(text, 2);
    const auto ymd = date::year{year} / date::month{static_cast<unsigned>(month)} /
                     date::day{static_cast<unsigned>(day < 0 ? 0 : day)};
    if (!ymd.ok()) return std::nullopt;
    Civil civil;
    civil.seconds = date::sys_days(ymd).time_since_epoch().count() * int64_t{86400};
    if (text.empty()) return civil;
    const bool rfc3339 = text.front() == 'T';
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    if (!take_clock(text, civil)) return std::nullopt;
    if (rfc3339 && !take_offset(text, civil)) return std::nullopt;
    if (!text.empty()) return std::nullopt;
    return civil;
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
    TimeZone zone;
    zone.name_ = name;
    if (name.empty() || name == "UTC") return zone;
    try {
        zone.zone_ = date::locate_zone(std::string(name));
    } catch (const std::exception &) {
        return Status(Code::invalid_argument, "unable to find time zone " + std::string(name));
    }
    return zone;
}

int64_t TimeZone::offset_ns(int64_t time_ns) const {
    if (zone_ == nullptr) return 0;
    const date::sys_seconds at{std::chrono::seconds(floor_div(time_ns, kSecond))};
    return static_cast<const date::time_zone *>(zone_)->get_info(at).offset.count() * kSecond;
}

int64_t TimeZone::from_local(int64_t local_ns) const {
    if (zone_ == nullptr) return local_ns;
    const date::local_seconds at{std::chrono::seconds(floor_div(local_ns, kSecond))};
    const auto info = static_cast<const date::time_zone *>(zone_)->get_info(at);
    return local_ns - info.first.offset.count() * kSecond;
}

std::string format_rfc3339(int64_t time_ns, const TimeZone &zone) {
    const int64_t offset_s = zone.offset_ns(time_ns) / kSecond;
    const int64_t seconds = floor_div(time_ns, kSecond);
    int64_t fraction = time_ns - seconds * kSecond;
    const int64_t local = seconds + offset_s;
    const int64_t days = floor_div(local, 86400);
    const auto clock = static_cast<int>(local - days * 86400);
    const date::year_month_day ymd{date::sys_days{date::days{static_cast<int>(days)}}};
    char text[64];
    int size =
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d",
                      static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                      static_cast<unsigned>(ymd.day()), clock / 3600, clock / 60 % 60, clock % 60);
    if (fraction != 0) {
        text[size++] = '.';
        for (int64_t scale = kSecond / 10; fraction != 0; scale /= 10) {
            text[size++] = static_cast<char>('0' + fraction / scale);
            fraction %= scale;
        }
    }
    if (offset_s == 0) {
        text[size++] = 'Z';
    } else {
        const int64_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
        size += std::snprintf(text + size, sizeof text - static_cast<size_t>(size), "%c%02d:%02d",
                              offset_s < 0 ? '-' : '+', static_cast<int>(minutes / 60),
                              static_cast<int>(minutes % 60));
    }
    return {text, static_cast<size_t>(size)};
}

bool looks_like_time(std::string_view text) {
    return take_digits(text, 4) >= 0 && take(text, '-') && take_digits(text, 2) >= 0 &&
           take(text, '-') && take_digits(text, 2) >= 0;
}

Result<int64_t> parse_time(std::string_view text, const TimeZone &zone) {
    const std::optional<Civil> civil = parse_civil(text);
    if (!civil) return Status(Code::invalid_argument, "invalid timestamp string");
    __int128 time = static_cast<__int128>(civil->seconds) * kSecond + civil->fraction_ns;
    constexpr __int128 kDay = static_cast<__int128>(86400) * kSecond;
    const bool in_range = time > kTimeMin + kDay && time < kTimeMax - kDay;
    if (civil->offset_s) {
        time -= static_cast<__int128>(*civil->offset_s) * kSecond;
    } else if (in_range) {
        time = zone.from_local(static_cast<int64_t>(time));
    }
    if (time < kTimeMin || time > kTimeMax) {
        const bool over = time > kTimeMax;
        std::string shown(text);
        if (shown.size() == 10) shown += "T00:00:00Z";
        return Status(Code::invalid_argument,
                      "time " + shown + (over ? " over" : " under") + "flows time literal");
    }
    return static_cast<int64_t>(time);
}

}  // namespace varve
