// Lexemes of InfluxDB 0.8's query language.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::query::influxql08 {

enum class Token : uint8_t {
    end,
    undefined,  // a character that is part of nothing, an open quote or regex
    // keywords
    select_word,
    from,
    where,
    group,
    by,
    order,
    asc,
    desc,
    limit,
    into,
    as,
    merge,
    inner,
    join,
    list,
    series,
    include,
    spaces,
    continuous,
    drop,
    delete_word,
    explain,
    and_word,
    or_word,
    in,
    // values
    string,
    integer,
    floating,
    boolean,
    duration,
    simple_name,  // quoted ones too
    table_name,   // with dots
    into_name,    // with what stands for names, or a dash
    regex,
    insensitive_regex,
    // operators
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    match,
    no_match,
    symbol  // one of ; , ( ) + - * /
};

struct Lexeme {
    Token token = Token::end;
    char symbol = 0;
    std::string text;  // of values and operators
    size_t from = 0;   // bytes [from, to) of the query
    size_t to = 0;
};

// How errors call the token.
std::string token_name(const Lexeme &lexeme);
std::string_view token_name(Token token);

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Lexeme next();
    // A name that may have `:`, `[`, `]` and `-` as well.
    Lexeme next_target();

  private:
    Lexeme scan_word();
    Lexeme scan_quoted(char quote);
    Lexeme scan_regex();
    Lexeme scan_operator();
    void skip_space();
    Lexeme made(Token token, size_t from, std::string text = {}) const;

    std::string_view text_;
    size_t at_ = 0;
    // Where the last lexeme or white space began: what an unexpected end is shown at.
    size_t last_from_ = 0;
    bool takes_regex_ = false;  // a slash begins a regex: behind FROM, SERIES, =~ and !~
};

}  // namespace varve::query::influxql08
