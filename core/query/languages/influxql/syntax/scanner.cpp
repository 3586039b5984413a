#include "query/languages/influxql/syntax/scanner.hpp"

namespace varve::query::influxql {

namespace {

constexpr uint32_t kMicro = 0xB5;
constexpr uint32_t kReplacement = 0xFFFD;

bool is_white_space(uint32_t rune) {
    return rune == ' ' || rune == '\t' || rune == '\n';
}
bool is_digit(uint32_t rune) {
    return rune >= '0' && rune <= '9';
}
bool is_letter(uint32_t rune) {
    return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
}

struct Rune {
    uint32_t value = 0;
    uint32_t size = 0;  // bytes
};

Rune decode(std::string_view text, size_t offset) {
    if (offset >= text.size()) return {};
    const auto lead = static_cast<unsigned char>(text[offset]);
    if (lead == '\r') {
        const bool pair = offset + 1 < text.size() && text[offset + 1] == '\n';
        return {'\n', pair ? 2U : 1U};
    }
    if (lead < 0x80) return {lead, 1};
    const uint32_t size = lead >= 0xF0 && lead < 0xF5   ? 4
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                                                        : 0;
    if (size == 0 || offset + size > text.size()) return {kReplacement, 1};
    uint32_t value = lead & (0x7FU >> size);
    for (uint32_t i = 1; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[offset + i]);
        if ((byte & 0xC0) != 0x80) return {kReplacement, 1};
        value = value << 6 | (byte & 0x3FU);
    }
    return {value, size};
}

Token single_rune_token(uint32_t rune) {
    switch (rune) {
        case '.':
            return Token::dot;
        case '+':
            return Token::add;
        case '-':
            return Token::sub;
        case '*':
            return Token::mul;
        case '/':
            return Token::div;
        case '%':
            return Token::mod;
        case '&':
            return Token::bitwise_and;
        case '|':
            return Token::bitwise_or;
        case '^':
            return Token::bitwise_xor;
        case '(':
            return Token::left_paren;
        case ')':
            return Token::right_paren;
        case ',':
            return Token::comma;
        case ';':
            return Token::semicolon;
        default:
            return Token::illegal;
    }
}

}  // namespace

bool is_identifier_start(uint32_t rune) {
    return is_letter(rune) || rune == '_';
}
bool is_identifier_part(uint32_t rune) {
    return is_identifier_start(rune) || is_digit(rune);
}

uint32_t Scanner::read() {
    const Rune rune = decode(text_, cursor_.offset);
    cursor_.previous = cursor_.position;
    if (rune.value == 0) {  // the end, or a NUL, which ends the text
        if (cursor_.end_seen) ++cursor_.previous.column;
        cursor_.end_seen = true;
        return 0;
    }
    cursor_.offset += rune.size;
    if (rune.value == '\n') {
        ++cursor_.position.line;
        cursor_.position.column = 0;
    } else {
        ++cursor_.position.column;
    }
    return rune.value;
}

bool Scanner::pass_end() {
    if (look() != 0) return false;
    cursor_.end_seen = true;
    if (cursor_.offset == text_.size()) return false;
    ++cursor_.offset;
    return true;
}

uint32_t Scanner::look(size_t runes_ahead) const {
    size_t offset = cursor_.offset;
    Rune rune = decode(text_, offset);
    while (runes_ahead-- > 0) {
        offset += rune.size;
        rune = decode(text_, offset);
    }
    return rune.value;
}

Lexeme Scanner::scan() {
    const Position position = cursor_.position;
    const uint32_t rune = look();
    if (is_white_space(rune)) {
        const size_t from = cursor_.offset;
        while (is_white_space(look())) read();
        Lexeme space{Token::white_space, position, {}};
        append(space.text, from);
        pass_end();
        return space;
    }
    if (is_identifier_start(rune) || rune == '"') return scan_identifier(true);
    if (is_digit(rune) || (rune == '.' && is_digit(look(1)))) return scan_number();
    if (rune == '\'') return scan_string('\'');
    if (rune == 0) {
        read();
        return {Token::end_of_input, cursor_.previous, {}};
    }
    const size_t from = cursor_.offset;
    read();
    if (rune == '$') {
        Lexeme name = scan_identifier(false);
        const Token token = name.token == Token::identifier ? Token::bound_parameter : name.token;
        return {token, position, "$" + name.text};
    }
    if (rune == '-' && look() == '-') {
        skip_line();
        return {Token::comment, position, {}};
    }
    if (rune == '/' && look() == '*') {
        return {skip_comment() ? Token::comment : Token::illegal, position, {}};
    }
    Lexeme lexeme = scan_operator(rune, position);
    if (lexeme.token == Token::illegal) append(lexeme.text, from);
    return lexeme;
}

Lexeme Scanner::scan_operator(uint32_t rune, Position position) {
    const auto next = [this](char expected) {
        if (look() != static_cast<uint32_t>(expected)) return false;
        read();
        return true;
    };
    Token token = single_rune_token(rune);
    switch (rune) {
        case '=':
            token = next('~') ? Token::eq_regex : Token::eq;
            break;
        case '!':
            token = next('=') ? Token::neq : next('~') ? Token::neq_regex : token;
            break;
        case '>':
            token = next('=') ? Token::gte : Token::gt;
            break;
        case '<':
            token = next('=') ? Token::lte : next('>') ? Token::neq : Token::lt;
            break;
        case ':':
            token = next(':') ? Token::double_colon : Token::colon;
            break;
        default:
            break;
    }
    return {token, position, {}};
}

Lexeme Scanner::scan_identifier(bool may_be_keyword) {
    const Position position = cursor_.position;
    std::string word;
    bool goes_on = true;
    while (goes_on && is_identifier_part(look())) {
        const size_t from = cursor_.offset;
        while (is_identifier_part(look())) read();
        append(word, from);
        goes_on = pass_end();
    }
    if (look() == '"') {
        Lexeme quoted = scan_string('"');
        if (quoted.token != Token::string) return quoted;
        return {Token::identifier, position, std::move(quoted.text)};
    }
    if (look() == 0) cursor_.end_seen = true;
    if (may_be_keyword) {
        const Token keyword = lookup_keyword(word);
        if (keyword != Token::identifier) return {keyword, position, {}};
    }
    return {Token::identifier, position, std::move(word)};
}

Lexeme Scanner::scan_string(char delimiter) {
    const Position position = cursor_.previous;
    read();
    std::string text;
    for (;;) {
        const size_t from = cursor_.offset;
        const uint32_t rune = read();
        if (rune == static_cast<uint32_t>(delimiter)) return {Token::string, position, text};
        if (rune == 0 || rune == '\n') return {Token::bad_string, position, text};
        if (rune != '\\') {
            append(text, from);
            continue;
        }
        const uint32_t escaped = read();
        switch (escaped) {
            case 'n':
                text += '\n';
                break;
            case '\\':
                text += '\\';
                break;
            case '"':
                text += '"';
                break;
            case '\'':
                text += '\'';
                break;
            default: {
                std::string bad;
                append(bad, from);
                return {Token::bad_escape, cursor_.previous, bad};
            }
        }
    }
}

Lexeme Scanner::scan_number() {
    const Position position = cursor_.position;
    const size_t from = cursor_.offset;
    std::string text;
    while (is_digit(look())) read();
    append(text, from);
    if (look() == '.') {
        const size_t dot = cursor_.offset;
        read();
        while (is_digit(look())) read();
        if (cursor_.offset > dot + 1) append(text, dot);
        return {Token::number, position, text};
    }
    const auto is_unit = [](uint32_t rune) { return is_letter(rune) || rune == kMicro; };
    if (!is_unit(look())) return {Token::integer, position, text};
    const size_t units = cursor_.offset;
    while (is_unit(look()) || is_digit(look())) read();
    append(text, units);
    return {Token::duration, position, text};
}

Lexeme Scanner::scan_regex() {
    const Position position = cursor_.previous;
    std::string text;
    if (read() != '/') return {Token::bad_regex, position, {}};
    for (;;) {
        const size_t from = cursor_.offset;
        const uint32_t rune = read();
        if (rune == '/') return {Token::regex, position, text};
        if (rune == 0 || rune == '\n') return {Token::bad_regex, position, {}};
        if (rune == '\\' && look() == '/') {
            read();
            text += '/';
        } else if (rune == '\\' && look() != 0 && look() != '\n') {
            read();
            append(text, from);
        } else {
            append(text, from);
        }
    }
}

bool Scanner::skip_comment() {
    read();
    for (uint32_t rune = read(); rune != 0; rune = read()) {
        if (rune == '*' && look() == '/') {
            read();
            return true;
        }
    }
    return false;
}

void Scanner::skip_line() {
    for (uint32_t rune = read(); rune != 0 && rune != '\n'; rune = read()) {
    }
    pass_end();
}

}  // namespace varve::query::influxql
