// Instants as text, and time zones. An instant is an int64 of nanoseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve {

// The instants a point may have; the two lowest and the highest number are kept for "no bound".
inline constexpr int64_t kTimeMin = -9223372036854775806;
inline constexpr int64_t kTimeMax = 9223372036854775806;

// A zone of the IANA database, or UTC. Cheap to copy; thread-safe.
class TimeZone {
  public:
    TimeZone() = default;  // UTC

    // invalid_argument "unable to find time zone NAME".
    static Result<TimeZone> find(std::string_view name);

    bool is_utc() const { return zone_ == nullptr; }
    const std::string &name() const { return name_; }
    // What local clocks are ahead of UTC at this instant.
    int64_t offset_ns(int64_t time_ns) const;
    // The instant at which local clocks show this (as if it were UTC); of two, the earlier.
    int64_t from_local(int64_t local_ns) const;

  private:
    const void *zone_ = nullptr;  // a date::time_zone; lives as long as the process
    std::string name_ = "UTC";
};

// RFC 3339 with as many fraction digits as needed ("2020-01-01T00:00:00.5Z"), in the zone.
std::string format_rfc3339(int64_t time_ns, const TimeZone &zone = TimeZone());

// Says if the text looks like a time at all: YYYY-MM-DD, then anything.
bool looks_like_time(std::string_view text);

// "YYYY-MM-DD", "YYYY-MM-DD HH:MM:SS[.fraction]", RFC 3339 with Z or an offset. Texts without an
// offset are read in the zone. invalid_argument "invalid timestamp string" or "time … overflows
// time literal" / "… underflows …".
Result<int64_t> parse_time(std::string_view text, const TimeZone &zone = TimeZone());

}  // namespace varve
