// The parser's inside: a recursive descent with one lexeme ahead. The first error sticks; from then
// on the text reads as ended, so every loop comes to its end.
#pragma once

#include <initializer_list>
#include <string>

#include "query/languages/influxql08/syntax/parser.hpp"
#include "query/languages/influxql08/syntax/scanner.hpp"

namespace varve::query::influxql08 {

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text), scanner_(text) { advance(); }

    std::vector<Statement> parse_statements();
    const Status &status() const { return status_; }

  private:
    // ---- lexemes (parser.cpp)
    void advance();
    bool at(Token token) const { return ahead_.token == token; }
    bool at(char symbol) const { return at(Token::symbol) && ahead_.symbol == symbol; }
    bool take(Token token);
    bool take(char symbol);
    // What the grammar asks for here; few alternatives are told.
    void expect(Token token);
    void expect(char symbol);
    bool failed() const { return !status_.ok(); }
    void fail(std::string text);
    void fail_unexpected(std::initializer_list<std::string_view> expected = {});
    // False: too deep, which is an error.
    bool enter();

    // ---- statements (parser.cpp)
    Statement parse_statement();
    void parse_list(Statement &out);
    void parse_drop(Statement &out);
    void parse_delete(Statement &out);
    int64_t parse_integer();
    std::shared_ptr<const re2::RE2> parse_regex();

    // ---- SELECT (parse_select.cpp)
    SelectStatement parse_select();
    void parse_from(SelectStatement &out);
    void parse_from_items(From &from);
    std::string parse_table_name();
    std::string parse_alias();  // empty = there is none
    bool at_name() const { return at(Token::simple_name) || at(Token::table_name); }
    void parse_group_by(SelectStatement &out);
    void parse_where(SelectStatement &out);
    void parse_limit_and_order(SelectStatement &out);
    void parse_into(SelectStatement &out);

    // ---- values and conditions (parse_value.cpp)
    std::vector<Value> parse_values();
    Value parse_value();
    Value parse_chain(char one, char other, Value (Parser::*parse_next)());
    Value parse_product();
    Value parse_operand();
    Value parse_negative();
    Value parse_name();
    Condition parse_condition();
    Condition parse_conjunction();
    Condition parse_comparison();
    Condition parse_rest_of_comparison(Value left);

    const std::string_view text_;
    Scanner scanner_;
    Lexeme ahead_;
    size_t taken_to_ = 0;  // the end of the last lexeme that was taken
    int depth_ = 0;
    Status status_;
};

}  // namespace varve::query::influxql08
