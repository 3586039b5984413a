// The syntax tree of InfluxQL. Expressions are immutable and shared; statements are values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/time.hpp"
#include "model/users.hpp"
#include "query/languages/influxql/syntax/token.hpp"

namespace varve::query::influxql {

// What a reference is cast to, or turns out to be.
enum class DataType : uint8_t {
    unknown,
    floating,
    integer,
    unsigned_integer,
    string,
    boolean,
    tag,
    any_field
};

// "float", "integer", …, "tag", "field"; empty for unknown.
std::string_view data_type_name(DataType type);

enum class ExprKind : uint8_t {
    number,
    integer,
    unsigned_integer,
    string,
    boolean,
    duration,
    regex,
    wildcard,   // cast: any_field, tag or unknown
    reference,  // text, cast
    distinct,   // DISTINCT text
    call,       // text = lower-case name, args
    binary,     // op, args[0], args[1]
    paren,      // args[0]
    months      // integer; only as the length of time() in GROUP BY
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

struct Expr {
    ExprKind kind = ExprKind::integer;
    Token op = Token::illegal;
    DataType cast = DataType::unknown;
    bool boolean = false;
    double number = 0;
    int64_t integer =
        0;  // also durations, in ns; of a call which of its columns is meant, 0 = first
    uint64_t unsigned_integer = 0;
    std::string text;
    std::vector<ExprPtr> args;

    const Expr &lhs() const { return *args[0]; }
    const Expr &rhs() const { return *args[1]; }
};

ExprPtr make_integer(int64_t value);
ExprPtr make_number(double value);
ExprPtr make_boolean(bool value);
ExprPtr make_reference(std::string name, DataType cast = DataType::unknown);
ExprPtr make_binary(Token op, ExprPtr lhs, ExprPtr rhs);
ExprPtr make_call(std::string name, std::vector<ExprPtr> args);
// The expression inside all parentheses around it.
const Expr &without_parens(const Expr &expr);
bool is_literal(const Expr &expr);
// Whether a function is called, DISTINCT too.
bool has_call(const Expr &expr);

struct SelectStatement;
struct Join;

struct Source {  // a measurement, a subquery, or a join
    std::string database;
    std::string retention_policy;
    std::string name;
    std::optional<std::string> regex;
    std::shared_ptr<const SelectStatement> subquery;
    std::shared_ptr<const Join> join;
    std::string alias;  // AS, of a side of a join
};

// left JOIN right ON time, tags (an extension): rows of one time and of equal tags.
struct Join {
    Source left;
    Source right;
    std::vector<std::string> tags;
};

struct Field {
    ExprPtr expr;
    std::string alias;
    bool is_implied = false;  // a tag that top or bottom names
};

struct SortField {
    std::string name;  // empty in ORDER BY DESC
    bool ascending = true;
};

enum class FillKind : uint8_t { null, none, previous, linear, number };

struct Fill {
    FillKind kind = FillKind::null;
    double number = 0;
    int64_t integer = 0;  // the same, exact when is_integer
    bool is_integer = false;
};

struct SelectStatement {
    std::vector<Field> fields;
    std::optional<Source> target;  // INTO; name empty = :MEASUREMENT
    std::vector<Source> sources;
    ExprPtr condition;  // null = none
    std::vector<ExprPtr> dimensions;
    Fill fill;
    ExprPtr having;                  // null = none (an extension)
    std::vector<SortField> sort;     // by time
    std::optional<SortField> order;  // by a column (an extension)
    int64_t limit = 0;
    int64_t offset = 0;
    int64_t slimit = 0;
    int64_t soffset = 0;
    TimeZone zone;
    bool has_zone = false;

    bool ascending() const { return sort.empty() || sort.front().ascending; }
};

// What GROUP BY time() says; zeros where there is none.
struct GroupTime {
    int64_t interval_ns = 0;
    int64_t offset_ns = 0;
};
GroupTime group_time(const SelectStatement &select);

enum class StatementKind : uint8_t {
    select,
    explain,  // flag = ANALYZE
    delete_points,
    show_continuous_queries,
    show_databases,
    show_diagnostics,  // text = FOR
    show_field_key_cardinality,
    show_field_keys,
    show_grants,  // name
    show_measurement_cardinality,
    show_measurements,
    show_queries,
    show_retention_policies,
    show_series,
    show_series_cardinality,
    show_shard_groups,
    show_shards,
    show_stats,  // text = FOR
    show_subscriptions,
    show_tag_key_cardinality,
    show_tag_keys,
    show_tag_values,
    show_tag_values_cardinality,
    show_users,
    create_continuous_query,
    create_database,
    create_retention_policy,
    create_subscription,
    create_user,
    alter_retention_policy,
    alter_database,     // text = the new name
    alter_measurement,  // text = the new name
    drop_continuous_query,
    drop_database,
    drop_measurement,
    drop_retention_policy,
    drop_series,
    drop_shard,
    drop_subscription,
    drop_user,
    grant,
    revoke,
    set_password,
    kill_query
};

// Any statement; which members it uses is its kind's grammar.
struct Statement {
    StatementKind kind = StatementKind::select;
    std::shared_ptr<const SelectStatement> select;  // select, explain, create_continuous_query
    std::string name;                               // what is made, dropped or altered
    std::string database;                           // ON
    std::string retention_policy;
    std::string text;        // a password, a module, a host, a new name
    std::string user;        // TO, FROM
    bool flag = false;       // ANALYZE, EXACT, DEFAULT, WITH ALL PRIVILEGES, mode ALL
    bool has_with = false;   // CREATE DATABASE … WITH
    std::string storage;     // CREATE DATABASE; empty = the server's
    std::string durability;  // CREATE DATABASE; as in the configuration, empty = the server's
    Privilege privilege = Privilege::none;
    uint64_t number = 0;  // a shard's or a query's id
    std::optional<int64_t> duration_ns;
    std::optional<int64_t> shard_duration_ns;
    std::optional<int64_t> replication;
    std::optional<int64_t> resample_every_ns;
    std::optional<int64_t> resample_for_ns;
    std::vector<std::string> destinations;
    std::vector<Source> sources;
    std::optional<Source> with_measurement;
    Token key_op = Token::illegal;  // WITH KEY: = != =~ !~ IN; WITH MEASUREMENT: = =~
    std::vector<std::string> keys;  // names, or one regex
    ExprPtr condition;
    std::vector<ExprPtr> dimensions;
    std::vector<SortField> sort;
    int64_t limit = 0;
    int64_t offset = 0;
    int64_t slimit = 0;
    int64_t soffset = 0;
};

// The statement's first words, as error texts and messages name it: "SHOW TAG VALUES".
std::string_view statement_name(StatementKind kind);

// The normalised text.
std::string to_string(const Expr &expr);
std::string to_string(const Source &source);
std::string to_string(const SelectStatement &select);
std::string to_string(const Statement &statement);

// 'text' and "text" with what must be escaped escaped; identifiers only quoted when they must be.
std::string quote_string(std::string_view text);
std::string quote_identifier(std::string_view name);
// Several segments joined by dots; all but the last are always quoted.
std::string quote_identifiers(const std::vector<std::string> &segments);

}  // namespace varve::query::influxql
