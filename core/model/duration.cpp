#include "model/duration.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace varve {

namespace {

struct Unit {
    std::string_view name;
    int64_t size_ns;
};

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kMillisecond = 1000 * kMicrosecond;
constexpr int64_t kSecond = 1000 * kMillisecond;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;

// In the order of printing.
constexpr std::array<Unit, 8> kUnits{{{"w", 7 * 24 * kHour},
                                      {"d", 24 * kHour},
                                      {"h", kHour},
                                      {"m", kMinute},
                                      {"s", kSecond},
                                      {"ms", kMillisecond},
                                      {"u", kMicrosecond},
                                      {"ns", 1}}};

// value / unit with the fraction's trailing zeros cut.
std::string decimal(uint64_t value, uint64_t unit) {
    std::string text = std::to_string(value / unit);
    uint64_t rest = value % unit;
    if (rest == 0) return text;
    text += '.';
    while (rest != 0) {
        unit /= 10;
        text += static_cast<char>('0' + rest / unit);
        rest %= unit;
    }
    return text;
}

// The unit at the front of the text; size 0 = none.
Unit unit_at(std::string_view text) {
    if (text.starts_with("\xC2\xB5")) return {text.substr(0, 2), kMicrosecond};
    if (text.starts_with("ns") || text.starts_with("ms")) {
        return {text.substr(0, 2), text[0] == 'n' ? 1 : kMillisecond};
    }
    for (const Unit &unit : kUnits) {
        if (unit.name.size() == 1 && text.starts_with(unit.name)) return unit;
    }
    return {{}, 0};
}

}  // namespace

std::string format_go_duration(int64_t duration_ns) {
    if (duration_ns == 0) return "0s";
    const bool negative = duration_ns < 0;
    const uint64_t value =
        negative ? 0 - static_cast<uint64_t>(duration_ns) : static_cast<uint64_t>(duration_ns);
    std::string text = negative ? "-" : "";
    if (value < static_cast<uint64_t>(kMicrosecond)) return text + std::to_string(value) + "ns";
    if (value < static_cast<uint64_t>(kMillisecond)) return text + decimal(value, 1000) + "µs";
    if (value < static_cast<uint64_t>(kSecond)) return text + decimal(value, 1000000) + "ms";
    const uint64_t hours = value / kHour;
    const uint64_t minutes = value / kMinute % 60;
    if (hours != 0) text += std::to_string(hours) + "h";
    if (hours != 0 || minutes != 0) text += std::to_string(minutes) + "m";
    return text + decimal(value % kMinute, kSecond) + "s";
}

std::string format_influx_duration(int64_t duration_ns) {
    if (duration_ns == 0) return "0s";
    for (const Unit &unit : kUnits) {
        if (duration_ns % unit.size_ns == 0) {
            return std::to_string(duration_ns / unit.size_ns).append(unit.name);
        }
    }
    return {};
}

Result<int64_t> parse_influx_duration(std::string_view text) {
    const Status invalid(Code::invalid_argument, "invalid duration");
    if (text.size() < 2) return invalid;
    const bool negative = text.front() == '-';
    if (negative) text.remove_prefix(1);
    uint64_t total = 0;
    do {
        int64_t number = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), number, 10);
        if (error != std::errc() || text.front() == '-') return invalid;
        text.remove_prefix(static_cast<size_t>(end - text.data()));
        const Unit unit = unit_at(text);
        if (unit.size_ns == 0) return invalid;
        int64_t part = 0;
        if (__builtin_mul_overflow(number, unit.size_ns, &part) ||
            (total += static_cast<uint64_t>(part)) >
                static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
            return Status(Code::invalid_argument, "overflowed duration " + std::to_string(number) +
                                                      std::string(unit.name) +
                                                      ": choose a smaller duration or INF");
        }
        text.remove_prefix(unit.name.size());
    } while (!text.empty());
    return negative ? -static_cast<int64_t>(total) : static_cast<int64_t>(total);
}

}  // namespace varve
