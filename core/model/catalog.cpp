#include "model/catalog.hpp"

#include <limits>

namespace varve {

namespace {
// Days from 0001-01-01 to 1970-01-01, in the proleptic Gregorian calendar.
constexpr __int128 kYearOneToEpochNs = static_cast<__int128>(719162) * kDayNs;
}  // namespace

ShardGroup shard_group_range(int64_t time_ns, int64_t shard_duration_ns) {
    const __int128 since_year_one = kYearOneToEpochNs + time_ns;
    const __int128 from = since_year_one - since_year_one % shard_duration_ns - kYearOneToEpochNs;
    const __int128 to = from + shard_duration_ns;
    constexpr __int128 low = std::numeric_limits<int64_t>::min();
    constexpr __int128 high = std::numeric_limits<int64_t>::max();
    return ShardGroup{0, static_cast<int64_t>(from < low ? low : from),
                      static_cast<int64_t>(to > high ? high : to)};
}

bool is_valid_catalog_name(std::string_view name) {
    if (name.empty() || name == "." || name == "..") return false;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || c == '/' || c == '\\') return false;
    }
    return true;
}

}  // namespace varve
