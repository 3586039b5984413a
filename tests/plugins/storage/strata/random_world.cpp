#include "random_world.hpp"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cmath>

#include "storage/common/condition.hpp"

namespace varve::test {
namespace {

template <typename T, size_t N>
const T &one_of(std::mt19937_64 &random, const T (&all)[N]) {
    return all[random() % N];
}

const char *const kTexts[] = {
    "",     "x",        "text",          "a longer text with = and , in it",
    "\xc3", "\xc3\xa4", "two\nlines \"", "text2"};

std::string float_text(double number) {
    char text[40];
    std::snprintf(text, sizeof text, "f:%.17g", number);
    return text;
}

std::string random_float(std::mt19937_64 &random) {
    static const char *const specials[] = {"f:0",
                                           "f:-0",
                                           "f:inf",
                                           "f:-inf",
                                           "f:nan",
                                           "f:nan(0x7)",
                                           "f:-nan(0x1)",
                                           "f:5e-324",
                                           "f:-2.2250738585072014e-308",
                                           "f:1e300",
                                           "f:0.1",
                                           "f:123456789.125",
                                           "f:-1e-300",
                                           "f:4503599627370497.5"};
    switch (random() % 5) {
        case 0:
            return one_of(random, specials);
        case 1:  // any bits but those that overflow sums
            return float_text(std::ldexp(static_cast<double>(random() % 1000003),
                                         static_cast<int>(random() % 600) - 300));
        default:
            return float_text(static_cast<double>(random() % 10000) / 100);
    }
}

std::string random_integer(std::mt19937_64 &random) {
    static const char *const specials[] = {
        "i:-9223372036854775808", "i:9223372036854775807", "i:0", "i:-1",
        "i:9007199254740993",     "i:-9007199254740992"};
    if (random() % 6 == 0) return one_of(random, specials);
    return "i:" + std::to_string(static_cast<int64_t>(random() % 200) - 100);
}

std::string random_unsigned(std::mt19937_64 &random) {
    static const char *const specials[] = {"u:18446744073709551615", "u:0",
                                           "u:9223372036854775808"};
    if (random() % 6 == 0) return one_of(random, specials);
    return "u:" + std::to_string(random() % 100);
}

storage::TypedValue typed(const std::string &name, const std::string &text) {
    switch (name.back()) {
        case 'f':
            if (text.starts_with("nan ")) {
                return {VARVE_TYPE_FLOAT64, std::stoull(text.substr(4), nullptr, 16), {}};
            }
            return {VARVE_TYPE_FLOAT64,
                    std::bit_cast<uint64_t>(std::strtod(text.c_str(), nullptr)),
                    {}};
        case 'i':
            return {VARVE_TYPE_INT64, static_cast<uint64_t>(std::stoll(text)), {}};
        case 'u':
            return {VARVE_TYPE_UINT64, std::stoull(text), {}};
        case 'b':
            return {VARVE_TYPE_BOOLEAN, std::stoull(text), {}};
        default:
            return {VARVE_TYPE_STRING, 0, text};
    }
}

}  // namespace

const varve_series_predicate *RandomPredicate::make(std::mt19937_64 &random, int depth) {
    static const char *const tags[] = {"h", "dc", "id", "absent"};
    static const char *const values[] = {"", "0", "1", "2", "eu", "us", "17", "1234"};
    static const char *const patterns[] = {"^1", "^$", "e|u", ".*", "^(0|2|17)$", "7$", "^us$", ""};
    varve_series_predicate &node = nodes_.emplace_back();
    node = {};
    node.op = 1 + static_cast<uint32_t>(random() % (random() % 8 == 0 ? 8 : 6));
    if (depth == 3 && node.op <= VARVE_SERIES_OR) node.op = VARVE_SERIES_EQ;
    if (node.op <= VARVE_SERIES_OR) {
        auto &list = lists_.emplace_back();
        for (uint64_t left = 1 + random() % 3; left > 0; --left) {
            const auto *child = make(random, depth + 1);
            list.push_back(child);
        }
        node.child_count = static_cast<uint32_t>(list.size());
        node.children = list.data();
        return &node;
    }
    node.tag = str(one_of(random, tags));
    const bool pattern = node.op == VARVE_SERIES_MATCH || node.op == VARVE_SERIES_NOMATCH;
    node.value = str(pattern ? one_of(random, patterns) : one_of(random, values));
    return &node;
}

std::string random_value(std::mt19937_64 &random, char type) {
    if (type == 0) type = "fffisbu"[random() % 7];
    switch (type) {
        case 'f':
            return random_float(random);
        case 'i':
            return random_integer(random);
        case 'u':
            return random_unsigned(random);
        case 'b':
            return random() % 2 == 0 ? "b:0" : "b:1";
        default:
            return std::string("s:") + one_of(random, kTexts);
    }
}

std::vector<Point> random_points(std::mt19937_64 &random) {
    std::vector<Point> points;
    const uint64_t count = 1 + random() % (random() % 8 == 0 ? 1500 : 20);
    for (uint64_t i = 0; i < count; ++i) {
        Point point;
        point.key = "m" + std::to_string(random() % 3);
        if (random() % 3 == 0) point.key += random() % 2 == 0 ? ",dc=eu" : ",dc=us";
        if (random() % 6 != 0) point.key += ",h=" + std::to_string(random() % 4);
        point.time = static_cast<int64_t>(random() % 3000);
        for (uint64_t f = 0; f <= random() % 3; ++f) {
            const uint64_t field = random() % 4;
            // Every field has a type of its own in most rows.
            const char type = random() % 4 == 0 ? '\0' : "fisb"[field];
            point.fields["v" + std::to_string(field)] = random_value(random, type);
        }
        points.push_back(std::move(point));
    }
    return points;
}

std::vector<Point> long_series(std::mt19937_64 &random) {
    std::vector<Point> points;
    const uint64_t count = 3000 + random() % 9000;
    const int64_t step = 1 + static_cast<int64_t>(random() % 8);
    const bool jitter = random() % 2 == 0;
    const std::string key =
        "m" + std::to_string(random() % 2) + ",h=" + std::to_string(random() % 2);
    const uint64_t sparse = 2 + random() % 100;
    int64_t time = 2000 + static_cast<int64_t>(random() % 2000);
    for (uint64_t i = 0; i < count && time < 100000; ++i) {
        Point point{key, time, {{"v0", random_value(random, 'f')}}};
        if (i % sparse != 0) point.fields["v1"] = random_value(random, 'i');
        if (i % sparse == 1) point.fields["v2"] = random_value(random, 's');
        points.push_back(std::move(point));
        time += step + (jitter ? static_cast<int64_t>(random() % 5) : 0);
    }
    return points;
}

std::vector<Point> short_series(std::mt19937_64 &random) {
    std::vector<Point> points;
    const uint64_t count = 1000 + random() % 3000;
    const uint64_t first = random() % 3 * 1000;
    for (uint64_t i = 0; i < count; ++i) {
        const std::string key = "short,id=" + std::to_string(first + i);
        for (uint64_t row = 0; row <= random() % 3; ++row) {
            Point point{key, static_cast<int64_t>(random() % 4000), {}};
            point.fields["v0"] = random_value(random, 'f');
            if (random() % 2 == 0) point.fields["v2"] = random_value(random, 's');
            points.push_back(std::move(point));
        }
    }
    return points;
}

varve_value_condition random_condition(std::mt19937_64 &random) {
    static const char *const columns[] = {"v0", "v1", "v2", "v3", "none"};
    varve_value_condition condition{};
    condition.column = str(random() % 12 == 0 ? columns[4] : columns[random() % 4]);
    condition.op = 1 + static_cast<uint32_t>(random() % 6);
    const std::string value = random_value(random);
    const storage::TypedValue constant = typed(value.substr(0, 1), value.substr(2));
    condition.type = constant.type;
    condition.constant.as_uint = constant.bits;
    if (constant.type == VARVE_TYPE_STRING) condition.text = str(one_of(random, kTexts));
    return condition;
}

bool meets(const std::map<std::string, std::string> &row,
           const std::vector<varve_value_condition> &conditions) {
    return std::all_of(conditions.begin(), conditions.end(), [&](const auto &condition) {
        const storage::TypedValue constant{condition.type, condition.constant.as_uint,
                                           view(condition.text)};
        return std::any_of(row.begin(), row.end(), [&](const auto &field) {
            const std::string_view name(field.first.data(), field.first.size() - 2);
            return name == view(condition.column) &&
                   storage::condition_met(typed(field.first, field.second), condition.op, constant);
        });
    });
}

}  // namespace varve::test
