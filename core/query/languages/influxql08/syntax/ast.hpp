// What a query of InfluxDB 0.8 says, as it says it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace varve::query::influxql08 {

enum class ValueKind : uint8_t {
    string,
    integer,
    floating,
    boolean,
    duration,
    name,  // of a column; dotted ones may have a prefix
    wildcard,
    call,       // text is the function's name
    binary,     // text is the operator, args its sides
    regex,      // only beside =~ and !~
    membership  // args[0] in (args[1], …)
};

struct Value {
    ValueKind kind = ValueKind::name;
    std::string text;  // as written, quotes and escapes aside
    std::string alias;
    std::vector<Value> args;
    std::shared_ptr<const re2::RE2> regex;
};

// A tree of AND and OR over comparisons.
struct Condition {
    enum class Kind : uint8_t { comparison, logical_and, logical_or };
    Kind kind = Kind::comparison;
    Value comparison;
    std::vector<Condition> sides;  // two, unless a comparison
};

struct TableName {
    std::string name;
    std::string alias;  // of a join; empty = none
    const std::string &shown() const { return alias.empty() ? name : alias; }
};

struct From {
    enum class Kind : uint8_t { list, merge, join };
    Kind kind = Kind::list;
    std::vector<TableName> names;           // none where there is a regex
    std::shared_ptr<const re2::RE2> regex;  // null = names
    std::string text;                       // as written, behind FROM
};

struct Into {
    std::string target;  // with its placeholders
    bool backfill = true;
};

struct SelectStatement {
    std::vector<Value> columns;
    From from;
    std::vector<Value> group_by;
    std::optional<Value> fill;
    std::optional<Condition> where;
    bool ascending = false;
    int64_t limit = 0;  // 0 = all
    std::optional<Into> into;
};

enum class StatementKind : uint8_t {
    select,
    remove,  // delete from
    list_series,
    list_continuous_queries,
    drop_series,
    drop_continuous_query
};

struct Statement {
    StatementKind kind = StatementKind::select;
    std::string text;                       // as written
    SelectStatement select;                 // of a deletion: from and where
    std::shared_ptr<const re2::RE2> regex;  // list series
    bool include_spaces = false;
    std::string name;  // drop series
    int64_t id = 0;    // drop continuous query
};

}  // namespace varve::query::influxql08
