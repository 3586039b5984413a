// Text → tokens. Positions count runes; "\r\n" and a lone '\r' read as '\n'.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "query/languages/influxql/syntax/token.hpp"

namespace varve::query::influxql {

struct Position {  // from 0; error texts show it from 1
    uint32_t line = 0;
    uint32_t column = 0;
};

struct Lexeme {
    Token token = Token::end_of_input;
    Position position;
    std::string text;  // identifiers, literals and illegal runes; empty for all others
};

// A place in the text, to go back to.
struct Cursor {
    size_t offset = 0;
    Position position;
    Position previous;      // of the rune read last: where strings and regexes report themselves
    bool end_seen = false;  // a word, white space or a peek met the end, which counts as read
};

// Borrows the text.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Lexeme scan();
    // Called where a regex may stand: `/…/`, only `\/` unescaped.
    Lexeme scan_regex();

    // The next character as it stands in the text; '\0' at the end, which then counts as read.
    char peek() {
        if (cursor_.offset < text_.size()) return text_[cursor_.offset];
        cursor_.end_seen = true;
        return '\0';
    }

    const Cursor &cursor() const { return cursor_; }
    void seek(const Cursor &cursor) { cursor_ = cursor; }

  private:
    uint32_t read();  // the next rune; 0 = end
    uint32_t look(size_t runes_ahead = 0) const;
    // Behind white space, words and comments InfluxDB takes a NUL for the end and then reads on
    // behind it. True if there was one.
    bool pass_end();
    void append(std::string &out, size_t from) const {
        out.append(text_, from, cursor_.offset - from);
    }
    Lexeme scan_identifier(bool may_be_keyword);
    Lexeme scan_number();
    Lexeme scan_string(char delimiter);
    Lexeme scan_operator(uint32_t rune, Position position);
    bool skip_comment();
    void skip_line();

    std::string_view text_;
    Cursor cursor_;
};

bool is_identifier_start(uint32_t rune);
bool is_identifier_part(uint32_t rune);

}  // namespace varve::query::influxql
