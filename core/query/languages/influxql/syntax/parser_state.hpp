// The parser's inside: a recursive descent over lexemes that can be taken back. The first error
// sticks; from then on the text reads as ended, so every loop comes to its end.
#pragma once

#include <initializer_list>
#include <vector>

#include "query/languages/influxql/syntax/parser.hpp"
#include "query/languages/influxql/syntax/scanner.hpp"

namespace varve::query::influxql {

enum class TargetRule : uint8_t { optional, required };

class Parser {
  public:
    Parser(std::string_view text, const Params &params) : scanner_(text), params_(params) {}

    std::vector<Statement> parse_query();
    ExprPtr parse_expr();
    const Status &status() const { return status_; }

  private:
    // ---- lexemes (parser.cpp)
    Lexeme scan();
    Lexeme scan_skipping_space();
    void unscan();
    Lexeme last_lexeme() const;  // the one before this place, white space passed over
    void skip_space();
    bool take(Token token);  // the next one, white space skipped, if it is this
    // The same for a word that is no keyword; in lower case.
    bool take_word(std::string_view word);
    void expect(std::initializer_list<Token> tokens);
    bool failed() const { return !status_.ok(); }
    void fail(std::string text);
    void fail_at(const std::string &text, Position position);
    void fail_found(const Lexeme &found, const std::vector<std::string_view> &expected);

    // ---- pieces (parser.cpp)
    std::string parse_identifier();
    std::string parse_string();
    // The dot may be the last: before a regex and before `:MEASUREMENT`.
    std::vector<std::string> parse_segments(bool *ends_in_dot = nullptr);
    ExprPtr parse_regex();  // null = there is none here
    int64_t parse_duration();
    int64_t parse_integer(int64_t min, int64_t max);
    uint64_t parse_uint64();
    int64_t parse_optional_number(Token word);

    // ---- expressions (parse_expr.cpp)
    ExprPtr parse_unary();
    ExprPtr parse_literal(const Lexeme &lexeme);
    ExprPtr parse_sign(Token sign);
    ExprPtr parse_call(std::string name);
    ExprPtr parse_reference();
    ExprPtr parse_wildcard();
    ExprPtr parse_distinct();
    ExprPtr parse_argument();
    ExprPtr parse_operand(Token op);

    // ---- SELECT (parse_select.cpp)
    std::shared_ptr<const SelectStatement> parse_select(TargetRule rule);
    Field parse_field();
    std::optional<Source> parse_target(TargetRule rule);
    std::vector<Source> parse_sources(bool subqueries);
    Source parse_source(bool subqueries);
    Source parse_joins(Source left);
    void parse_alias(Source &side);
    ExprPtr parse_having();
    ExprPtr parse_condition();
    std::vector<ExprPtr> parse_dimensions();
    Fill parse_fill();
    std::vector<SortField> parse_sort();
    void parse_order(SelectStatement &select);
    SortField parse_sort_field();
    void parse_zone(SelectStatement &select);

    // ---- the others (parse_statement.cpp, parse_schema.cpp)
    Statement parse_statement();
    Statement parse_body(StatementKind kind);
    bool parse_named(Statement &s);
    void parse_create_database(Statement &s);
    void parse_create_policy(Statement &s);
    void parse_alter_policy(Statement &s);
    void parse_create_user(Statement &s);
    void parse_create_subscription(Statement &s);
    void parse_create_continuous_query(Statement &s);
    void check_continuous_query(const Statement &s);
    void parse_privileges(Statement &s);
    void parse_name_on_database(Statement &s);
    // ---- what InfluxDB does not have (parse_extension.cpp)
    void parse_rename(Statement &s);
    bool parse_storage_options(Statement &s);  // false: there are none
    std::string parse_durability();
    // ----
    void parse_delete(Statement &s);
    void parse_drop_series(Statement &s);
    void check_delete_sources(const Statement &s);
    void parse_show(Statement &s);
    void parse_show_measurements(Statement &s);
    void parse_cardinality(Statement &s);
    void parse_counted(Statement &s);  // what follows CARDINALITY
    void parse_on(Statement &s);
    void parse_from(Statement &s);
    void parse_with_key(Statement &s);

    Scanner scanner_;
    const Params &params_;
    Status status_;
    std::vector<Cursor> history_;  // where each of the last lexemes began
    int nesting_ = 0;
    bool in_dimensions_ = false;
    bool takes_months_ = false;  // a bucket's length comes next
};

}  // namespace varve::query::influxql
