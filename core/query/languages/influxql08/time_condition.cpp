#include "query/languages/influxql08/time_condition.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "model/time.hpp"

namespace varve::query::influxql08 {

namespace {

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

bool is_number_literal(const Value &value) {
    return value.kind == ValueKind::duration || value.kind == ValueKind::floating ||
           value.kind == ValueKind::integer || value.kind == ValueKind::string;
}

bool is_now(const Value &value) {
    return value.kind == ValueKind::call && value.args.empty() && value.text.size() == 3 &&
           (value.text[0] | 0x20) == 'n' && (value.text[1] | 0x20) == 'o' &&
           (value.text[2] | 0x20) == 'w';
}

// YYYY-MM-DD[ HH[:MM[:SS[.fraction]]]], in UTC.
Result<int64_t> parse_time_text(const std::string &text) {
    constexpr size_t kHourEnd = 13;
    constexpr size_t kMinuteEnd = 16;
    std::string whole = text;
    if (text.size() == kHourEnd) whole += ":00:00";
    if (text.size() == kMinuteEnd) whole += ":00";
    Result<int64_t> time = varve::parse_time(whole);
    const bool is_plain = text.find_first_not_of("0123456789-:. ") == text.npos;
    if (time.ok() && is_plain) return time;
    return invalid(text + " isn't a valid time string");
}

Result<int64_t> parse_time(const Value &value, int64_t now_ns) {
    if (value.kind == ValueKind::binary) {
        const Result<int64_t> left = parse_time(value.args[0], now_ns);
        if (!left.ok()) return left;
        const Result<int64_t> right = parse_time(value.args[1], now_ns);
        if (!right.ok()) return right;
        int64_t out = 0;
        bool overflows = false;
        if (value.text == "+") {
            overflows = __builtin_add_overflow(*left, *right, &out);
        } else if (value.text == "-") {
            overflows = __builtin_sub_overflow(*left, *right, &out);
        } else {
            return invalid("Cannot use '" + value.text + "' in a time expression");
        }
        if (overflows) return invalid("time out of range");
        return out;
    }
    if (is_now(value)) return now_ns;
    if (value.kind == ValueKind::call) return invalid("Invalid use of function " + value.text);
    if (value.kind == ValueKind::string) return parse_time_text(value.text);
    const std::optional<int64_t> time = parse_duration(value.text);
    if (!time) return invalid(value.text + " isn't a valid time");
    return *time;
}

int64_t floor_microsecond(int64_t time_ns) {
    const int64_t into = ((time_ns % kMicrosecond) + kMicrosecond) % kMicrosecond;
    return time_ns < kTimeMin + into ? kTimeMin : time_ns - into;
}

// Collects what the tree says of time and takes it out.
class Splitter {
  public:
    explicit Splitter(int64_t now_ns) : now_ns_(now_ns) {}

    Result<std::optional<Condition>> split(const Condition &condition);
    plan::TimeRange range() const;

  private:
    Result<bool> take_time(const Value &comparison);
    void set_start(int64_t time) { start_ = start_ ? std::min(*start_, time) : time; }
    void set_end(int64_t time) { end_ = end_ ? std::max(*end_, time) : time; }

    const int64_t now_ns_;
    // Of several starts the earliest counts, of several ends the latest.
    std::optional<int64_t> start_;
    std::optional<int64_t> end_;
    size_t taken_ = 0;
};

plan::TimeRange Splitter::range() const {
    plan::TimeRange out;
    if (start_) out.min_ns = floor_microsecond(*start_);
    const int64_t end = floor_microsecond(end_.value_or(now_ns_));
    // Points of the same microsecond lie beside each other in the nanoseconds.
    out.max_ns = end > kTimeMax - kMicrosecond ? kTimeMax : end + kMicrosecond - 1;
    return out;
}

// True: it was about time.
Result<bool> Splitter::take_time(const Value &comparison) {
    if (comparison.kind != ValueKind::binary) return false;
    const Value &left = comparison.args[0];
    const Value &right = comparison.args[1];
    const auto is_time = [](const Value &value) {
        return value.kind == ValueKind::name && value.text == "time";
    };
    const bool time_left = is_time(left);
    const bool time_right = !time_left && is_time(right);
    const Value &other = time_left ? right : left;
    if (!time_left && !time_right) return false;
    if (!is_number_literal(other) && other.kind != ValueKind::binary &&
        other.kind != ValueKind::call) {
        return invalid("Invalid time condition");
    }
    const std::string &op = comparison.text;
    if (op != ">" && op != "<" && op != "=") return invalid("Cannot use time with '" + op + "'");
    const Result<int64_t> time = parse_time(other, now_ns_);
    if (!time.ok()) return time.status();
    if (op == "=" || (op == ">") == time_left) set_start(*time);
    if (op == "=" || (op == "<") == time_left) set_end(*time);
    ++taken_;
    return true;
}

Result<std::optional<Condition>> Splitter::split(const Condition &condition) {
    if (condition.kind == Condition::Kind::comparison) {
        const Result<bool> taken = take_time(condition.comparison);
        if (!taken.ok()) return taken.status();
        return *taken ? std::optional<Condition>() : std::optional<Condition>(condition);
    }
    const size_t before = taken_;
    Condition out;
    out.kind = condition.kind;
    for (const Condition &side : condition.sides) {
        Result<std::optional<Condition>> rest = split(side);
        if (!rest.ok()) return rest;
        if (*rest) out.sides.push_back(std::move(**rest));
    }
    if (condition.kind == Condition::Kind::logical_or && taken_ != before) {
        return invalid(
            "Invalid where clause, time must appear twice to specify start and end time");
    }
    if (out.sides.empty()) return std::optional<Condition>();
    if (out.sides.size() == 1) {
        Condition only = std::move(out.sides.front());
        return std::optional<Condition>(std::move(only));
    }
    return std::optional<Condition>(std::move(out));
}

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) return std::nullopt;
    const auto number_size = static_cast<size_t>(read.ptr - text.data());
    const std::string_view unit = text.substr(number_size);
    static constexpr std::array<std::pair<std::string_view, int64_t>, 12> units{{
        {"", 1},
        {"u", kMicrosecond},
        {"ms", 1'000'000},
        {"s", kSecond},
        {"m", 60 * kSecond},
        {"h", 3600 * kSecond},
        {"d", kDay},
        {"w", 7 * kDay},
        {"W", 7 * kDay},
        {"M", 30 * kDay},
        {"y", 365 * kDay},
        {"Y", 365 * kDay},
    }};
    for (const auto &[name, size] : units) {
        if (name != unit) continue;
        int64_t whole = 0;
        const auto exact = std::from_chars(text.data(), text.data() + number_size, whole);
        int64_t out = 0;
        if (exact.ec == std::errc() && exact.ptr == text.data() + number_size) {
            if (__builtin_mul_overflow(whole, size, &out)) return std::nullopt;
            return out;
        }
        const double product = number * static_cast<double>(size);
        constexpr double kLimit = 9.2e18;
        if (!(std::fabs(product) < kLimit)) return std::nullopt;
        return static_cast<int64_t>(product);
    }
    return std::nullopt;
}

Result<SplitCondition> split_condition(const std::optional<Condition> &where, int64_t now_ns) {
    Splitter splitter(now_ns);
    SplitCondition out;
    if (where) {
        Result<std::optional<Condition>> rest = splitter.split(*where);
        if (!rest.ok()) return rest.status();
        out.rest = std::move(*rest);
    }
    out.range = splitter.range();
    return out;
}

}  // namespace varve::query::influxql08
