#include "query/languages/influxql08/syntax/scanner.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace varve::query::influxql08 {

namespace {

constexpr std::array<std::pair<std::string_view, Token>, 26> kKeywords{{
    {"select", Token::select_word},
    {"from", Token::from},
    {"where", Token::where},
    {"group", Token::group},
    {"by", Token::by},
    {"order", Token::order},
    {"asc", Token::asc},
    {"desc", Token::desc},
    {"limit", Token::limit},
    {"into", Token::into},
    {"as", Token::as},
    {"merge", Token::merge},
    {"inner", Token::inner},
    {"join", Token::join},
    {"list", Token::list},
    {"series", Token::series},
    {"include", Token::include},
    {"spaces", Token::spaces},
    {"continuous", Token::continuous},
    {"drop", Token::drop},
    {"delete", Token::delete_word},
    {"explain", Token::explain},
    {"and", Token::and_word},
    {"or", Token::or_word},
    {"in", Token::in},
    {"true", Token::boolean},
}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_target(char c) {
    return is_word(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char &c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

// Digits with at most one dot among them, and how many bytes they are; 0 = none.
size_t number_size(std::string_view word) {
    size_t digits = 0;
    size_t dots = 0;
    size_t at = 0;
    for (; at < word.size(); ++at) {
        if (word[at] == '.') {
            if (++dots > 1) break;
        } else if (is_digit(word[at])) {
            ++digits;
        } else {
            break;
        }
    }
    return digits == 0 ? 0 : at;
}

Token class_of(std::string_view word) {
    const size_t number = number_size(word);
    const std::string_view unit = word.substr(number);
    if (number != 0 && unit.empty()) {
        return word.find('.') == word.npos ? Token::integer : Token::floating;
    }
    constexpr std::string_view units = "usmhdwyMWY";
    const bool is_unit = (unit.size() == 1 && units.find(unit[0]) != units.npos) || unit == "ms";
    if (number != 0 && is_unit) return Token::duration;
    const std::string name = lower(word);
    if (name == "false") return Token::boolean;
    const auto keyword = std::find_if(kKeywords.begin(), kKeywords.end(),
                                      [&](const auto &entry) { return entry.first == name; });
    if (keyword != kKeywords.end()) return keyword->second;
    return word.find('.') == word.npos ? Token::simple_name : Token::table_name;
}

}  // namespace

std::string_view token_name(Token token) {
    static constexpr std::array<std::string_view, 45> names{"$end",
                                                            "$undefined",
                                                            "SELECT",
                                                            "FROM",
                                                            "WHERE",
                                                            "GROUP",
                                                            "BY",
                                                            "ORDER",
                                                            "ASC",
                                                            "DESC",
                                                            "LIMIT",
                                                            "INTO",
                                                            "AS",
                                                            "MERGE",
                                                            "INNER",
                                                            "JOIN",
                                                            "LIST",
                                                            "SERIES",
                                                            "INCLUDE",
                                                            "SPACES",
                                                            "CONTINUOUS",
                                                            "DROP",
                                                            "DELETE",
                                                            "EXPLAIN",
                                                            "AND",
                                                            "OR",
                                                            "OPERATION_IN",
                                                            "STRING_VALUE",
                                                            "INT_VALUE",
                                                            "FLOAT_VALUE",
                                                            "BOOLEAN_VALUE",
                                                            "DURATION",
                                                            "SIMPLE_NAME",
                                                            "TABLE_NAME",
                                                            "INTO_NAME",
                                                            "REGEX_STRING",
                                                            "INSENSITIVE_REGEX_STRING",
                                                            "OPERATION_EQUAL",
                                                            "OPERATION_NE",
                                                            "OPERATION_LT",
                                                            "OPERATION_LE",
                                                            "OPERATION_GT",
                                                            "OPERATION_GE",
                                                            "REGEX_OP",
                                                            "NEGATION_REGEX_OP"};
    return names[static_cast<size_t>(token)];
}

std::string token_name(const Lexeme &lexeme) {
    if (lexeme.token == Token::symbol) return {'\'', lexeme.symbol, '\''};
    return std::string(token_name(lexeme.token));
}

Lexeme Scanner::made(Token token, size_t from, std::string text) const {
    return {token, 0, std::move(text), from, at_};
}

void Scanner::skip_space() {
    if (at_ < text_.size() && is_space(text_[at_])) last_from_ = at_;
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

Lexeme Scanner::next() {
    skip_space();
    // Nothing is left: shown at what came last.
    if (at_ == text_.size()) return made(Token::end, last_from_);
    last_from_ = at_;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return scan_quoted(c);
    if (c == '/' && takes_regex_) return scan_regex();
    if (is_word(c) || c == '.') return scan_word();
    return scan_operator();
}

Lexeme Scanner::next_target() {
    skip_space();
    const size_t from = at_;
    if (from == text_.size() || !is_target(text_[from])) return next();
    last_from_ = from;
    while (at_ < text_.size() && is_target(text_[at_])) ++at_;
    return made(Token::into_name, from, std::string(text_.substr(from, at_ - from)));
}

Lexeme Scanner::scan_word() {
    const size_t from = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string_view word = text_.substr(from, at_ - from);
    Token token = class_of(word);
    if (word[0] == '.' && token != Token::floating && token != Token::duration) {
        at_ = from + 1;
        return made(Token::undefined, from);
    }
    if (token == Token::from || token == Token::series) takes_regex_ = true;
    if (token == Token::where || token == Token::limit || token == Token::order ||
        token == Token::group) {
        takes_regex_ = false;
    }
    return made(token, from, std::string(word));
}

Lexeme Scanner::scan_quoted(char quote) {
    const size_t from = at_++;
    std::string text;
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (c == quote) {
            ++at_;
            return made(quote == '"' ? Token::simple_name : Token::string, from, std::move(text));
        }
        const bool escapes =
            quote == '"' && c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '"';
        if (escapes) ++at_;
        text += text_[at_];
    }
    return made(Token::undefined, from);
}

Lexeme Scanner::scan_regex() {
    const size_t from = at_++;
    std::string text;
    for (; at_ < text_.size(); ++at_) {
        if (text_[at_] == '/') {
            ++at_;
            takes_regex_ = false;
            const bool insensitive = at_ < text_.size() && (text_[at_] == 'i' || text_[at_] == 'I');
            if (insensitive) ++at_;
            return made(insensitive ? Token::insensitive_regex : Token::regex, from,
                        std::move(text));
        }
        const bool escapes = text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '/';
        if (escapes) ++at_;
        text += text_[at_];
    }
    return made(Token::undefined, from);
}

Lexeme Scanner::scan_operator() {
    constexpr std::array<std::pair<std::string_view, Token>, 8> operators{{
        {"=~", Token::match},
        {"!~", Token::no_match},
        {"<>", Token::not_equal},
        {"<=", Token::less_equal},
        {">=", Token::greater_equal},
        {"=", Token::equal},
        {"<", Token::less},
        {">", Token::greater},
    }};
    const size_t from = at_;
    const std::string_view rest = text_.substr(from);
    for (const auto &[text, token] : operators) {
        if (!rest.starts_with(text)) continue;
        at_ += text.size();
        if (token == Token::match || token == Token::no_match) takes_regex_ = true;
        return made(token, from, std::string(text));
    }
    ++at_;
    constexpr std::string_view symbols = ";,()+-*/";
    if (symbols.find(rest[0]) == symbols.npos) return made(Token::undefined, from);
    Lexeme out = made(Token::symbol, from, std::string(1, rest[0]));
    out.symbol = rest[0];
    return out;
}

}  // namespace varve::query::influxql08
