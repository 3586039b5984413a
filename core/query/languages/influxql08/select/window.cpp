#include "query/languages/influxql08/select/window.hpp"

#include "query/languages/influxql08/time_condition.hpp"

namespace varve::query::influxql08 {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kMonthsPerYear = 12;

// Ordinary intervals are counted from the first day of the year 1, weeks begin on Sundays, months
// and years are the calendar's.
Result<plan::Window> read_window(const Value &call) {
    if (call.args.size() != 1) {
        return Status(Code::invalid_argument, "time function only accepts one argument");
    }
    const std::string &text = call.args[0].text;
    const std::optional<int64_t> interval = parse_duration(text);
    if (!interval || *interval <= 0 || call.args[0].kind == ValueKind::name) {
        return Status(Code::invalid_argument, "invalid argument " + text + " to the time function");
    }
    plan::Window out;
    out.interval_ns = *interval;
    const char unit = text.back();
    if (unit == 'M' || unit == 'y' || unit == 'Y') {
        const int64_t whole = *interval / ((unit == 'M' ? 30 : 365) * kDay);
        out.months = std::max<int64_t>(1, whole) * (unit == 'M' ? 1 : kMonthsPerYear);
    } else if (unit == 'w' || unit == 'W') {
        out.offset_ns = 3 * kDay;  // 1970-01-04 is a Sunday
    } else {
        constexpr __int128 kEpoch = static_cast<__int128>(62'135'596'800) * kSecond;
        const auto into = static_cast<int64_t>(kEpoch % *interval);
        out.offset_ns = into == 0 ? 0 : *interval - into;
    }
    return out;
}

}  // namespace

std::string lower_case(std::string text) {
    for (char &c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

bool is_time(const Value &value) {
    return value.kind == ValueKind::call && lower_case(value.text) == "time";
}

Result<plan::Window> window_of(const SelectStatement &select) {
    plan::Window out;
    for (const Value &value : select.group_by) {
        if (!is_time(value)) continue;
        Result<plan::Window> window = read_window(value);
        if (!window.ok()) return window;
        out = *window;
    }
    return out;
}

}  // namespace varve::query::influxql08
