// JSON as it comes with a request of InfluxDB 0.8's administration: small, and of any shape.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"

namespace varve::query::influxql08 {

struct JsonValue {
    enum class Kind : uint8_t { absent, null, text, boolean, number, list, object };
    Kind kind = Kind::absent;
    std::string text;
    bool flag = false;
    double number = 0;
    std::vector<JsonValue> items;
    std::map<std::string, JsonValue> members;

    // An absent value if there is none of this name, or this is no object.
    const JsonValue &at(const std::string &name) const;
    bool is(Kind wanted) const { return kind == wanted; }
    bool is_given() const { return kind != Kind::absent && kind != Kind::null; }
};

// invalid_argument "EOF" for nothing at all, "invalid JSON: …". Never throws.
Result<JsonValue> parse_json(std::string_view text);

}  // namespace varve::query::influxql08
