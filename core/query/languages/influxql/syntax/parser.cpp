#include "query/languages/influxql/syntax/parser.hpp"

#include <re2/re2.h>

#include <charconv>
#include <limits>

#include "model/duration.hpp"
#include "query/languages/influxql/syntax/parser_state.hpp"

namespace varve::query::influxql {

namespace {
constexpr size_t kHistoryMax = 8;  // more than is ever taken back

// In the words of Go's regexp package, which clients know.
std::string regex_error(const re2::RE2 &regex) {
    const auto name = [&]() -> std::string_view {
        switch (regex.error_code()) {
            case re2::RE2::ErrorBadEscape:
                return "invalid escape sequence";
            case re2::RE2::ErrorBadCharClass:
                return "invalid character class";
            case re2::RE2::ErrorBadCharRange:
                return "invalid character class range";
            case re2::RE2::ErrorMissingBracket:
                return "missing closing ]";
            case re2::RE2::ErrorMissingParen:
                return "missing closing )";
            case re2::RE2::ErrorUnexpectedParen:
                return "unexpected )";
            case re2::RE2::ErrorTrailingBackslash:
                return "trailing backslash at end of expression";
            case re2::RE2::ErrorRepeatArgument:
                return "missing argument to repetition operator";
            case re2::RE2::ErrorRepeatSize:
                return "invalid repeat count";
            case re2::RE2::ErrorRepeatOp:
                return "invalid nested repetition operator";
            case re2::RE2::ErrorBadPerlOp:
                return "invalid or unsupported Perl syntax";
            case re2::RE2::ErrorBadUTF8:
                return "invalid UTF-8";
            case re2::RE2::ErrorBadNamedCapture:
                return "invalid named capture";
            case re2::RE2::ErrorPatternTooLarge:
                return "expression is too large";
            default:
                return "internal error";
        }
    }();
    // Go quotes the whole pattern where a parenthesis is missing.
    const bool whole = regex.error_code() == re2::RE2::ErrorMissingParen ||
                       regex.error_code() == re2::RE2::ErrorUnexpectedParen;
    return std::string(name) + ": `" + (whole ? regex.pattern() : regex.error_arg()) + "`";
}
}  // namespace

Lexeme Parser::scan() {
    if (failed()) return {};
    if (history_.size() == kHistoryMax) history_.erase(history_.begin());
    history_.push_back(scanner_.cursor());
    Lexeme lexeme = scanner_.scan();
    if (lexeme.token == Token::bound_parameter) {
        const auto bound = params_.find(std::string_view(lexeme.text).substr(1));
        if (bound != params_.end() && bound->second.token != Token::bound_parameter) {
            lexeme.token = bound->second.token;
            lexeme.text = bound->second.text;
        }
    }
    return lexeme;
}

Lexeme Parser::scan_skipping_space() {
    for (;;) {
        Lexeme lexeme = scan();
        if (lexeme.token != Token::white_space && lexeme.token != Token::comment) return lexeme;
    }
}

Lexeme Parser::last_lexeme() const {
    Scanner scanner = scanner_;
    for (auto at = history_.rbegin(); at != history_.rend(); ++at) {
        scanner.seek(*at);
        Lexeme lexeme = scanner.peek() == '/' ? scanner.scan_regex() : scanner.scan();
        if (lexeme.token != Token::white_space && lexeme.token != Token::comment) return lexeme;
    }
    return {};
}

void Parser::unscan() {
    if (failed()) return;
    scanner_.seek(history_.back());
    history_.pop_back();
}

void Parser::skip_space() {
    if (scan().token != Token::white_space) unscan();
}

bool Parser::take(Token token) {
    if (failed()) return false;
    if (scan_skipping_space().token == token) return true;
    unscan();
    return false;
}

bool Parser::take_word(std::string_view word) {
    if (failed()) return false;
    const Lexeme lexeme = scan_skipping_space();
    const std::string &text = lexeme.text;
    const bool same = lexeme.token == Token::identifier &&
                      std::equal(text.begin(), text.end(), word.begin(), word.end(),
                                 [](char a, char b) { return (a | 0x20) == b; });
    if (!same) unscan();
    return same;
}

void Parser::expect(std::initializer_list<Token> tokens) {
    for (const Token token : tokens) {
        const Lexeme lexeme = scan_skipping_space();
        if (lexeme.token != token) return fail_found(lexeme, {token_text(token)});
    }
}

void Parser::fail(std::string text) {
    if (!failed()) status_ = Status(Code::invalid_argument, std::move(text));
}

void Parser::fail_at(const std::string &text, Position position) {
    fail(text + " at line " + std::to_string(position.line + 1) + ", char " +
         std::to_string(position.column + 1));
}

void Parser::fail_found(const Lexeme &found, const std::vector<std::string_view> &expected) {
    if (failed()) return;
    std::string text = "found ";
    text += found.text.empty() ? token_text(found.token) : found.text;
    text += ", expected ";
    for (size_t i = 0; i < expected.size(); ++i) {
        if (i > 0) text += ", ";
        text += expected[i];
    }
    fail_at(text, found.position);
}

std::string Parser::parse_identifier() {
    Lexeme lexeme = scan_skipping_space();
    if (lexeme.token != Token::identifier) {
        fail_found(lexeme, {"identifier"});
        return {};
    }
    return std::move(lexeme.text);
}

std::string Parser::parse_string() {
    Lexeme lexeme = scan_skipping_space();
    if (lexeme.token != Token::string) {
        fail_found(lexeme, {"string"});
        return {};
    }
    return std::move(lexeme.text);
}

std::vector<std::string> Parser::parse_segments(bool *ends_in_dot) {
    std::vector<std::string> segments{parse_identifier()};
    if (ends_in_dot != nullptr) *ends_in_dot = false;
    while (!failed()) {
        if (scan().token != Token::dot) {
            unscan();
            break;
        }
        const char next = scanner_.peek();
        if (next == '/' || next == ':') {
            if (ends_in_dot != nullptr) *ends_in_dot = true;
            break;
        }
        segments.push_back(next == '.' ? std::string() : parse_identifier());
    }
    if (segments.size() > 3) fail_at("too many segments in " + quote_identifiers(segments), {});
    return segments;
}

ExprPtr Parser::parse_regex() {
    if (failed()) return nullptr;
    skip_space();
    Lexeme lexeme;
    if (scanner_.peek() == '$') {
        lexeme = scan();
        if (lexeme.token != Token::regex) {
            unscan();
            return nullptr;
        }
    } else if (scanner_.peek() == '/') {
        history_.push_back(scanner_.cursor());
        lexeme = scanner_.scan_regex();
    } else {
        return nullptr;
    }
    if (lexeme.token != Token::regex) {
        fail_at("bad regex: " + lexeme.text, lexeme.position);
        return nullptr;
    }
    const re2::RE2 compiled(lexeme.text, re2::RE2::Quiet);
    if (!compiled.ok()) {
        fail_at("error parsing regexp: " + regex_error(compiled), lexeme.position);
        return nullptr;
    }
    Expr expr;
    expr.kind = ExprKind::regex;
    expr.text = std::move(lexeme.text);
    return std::make_shared<const Expr>(std::move(expr));
}

int64_t Parser::parse_duration() {
    const Lexeme lexeme = scan_skipping_space();
    if (lexeme.token == Token::kw_inf) return 0;
    if (lexeme.token != Token::duration) {
        fail_found(lexeme, {"duration"});
        return 0;
    }
    const Result<int64_t> duration = parse_influx_duration(lexeme.text);
    if (duration.ok()) return *duration;
    fail_at(duration.status().text(), lexeme.position);
    return 0;
}

int64_t Parser::parse_integer(int64_t min, int64_t max) {
    const Lexeme lexeme = scan_skipping_space();
    if (lexeme.token != Token::integer) {
        fail_found(lexeme, {"integer"});
        return 0;
    }
    int64_t value = 0;
    const char *end = lexeme.text.data() + lexeme.text.size();
    if (std::from_chars(lexeme.text.data(), end, value).ec != std::errc()) {
        fail_at("strconv.Atoi: parsing \"" + lexeme.text + "\": value out of range",
                lexeme.position);
    } else if (value < min || value > max) {
        fail_at("invalid value " + std::to_string(value) + ": must be " + std::to_string(min) +
                    " <= n <= " + std::to_string(max),
                lexeme.position);
    }
    return value;
}

uint64_t Parser::parse_uint64() {
    const Lexeme lexeme = scan_skipping_space();
    if (lexeme.token != Token::integer) {
        fail_found(lexeme, {"integer"});
        return 0;
    }
    uint64_t value = 0;
    const char *end = lexeme.text.data() + lexeme.text.size();
    if (std::from_chars(lexeme.text.data(), end, value).ec != std::errc()) {
        fail_at("strconv.ParseUint: parsing \"" + lexeme.text + "\": value out of range",
                lexeme.position);
    }
    return value;
}

int64_t Parser::parse_optional_number(Token word) {
    if (!take(word)) return 0;
    return parse_integer(0, std::numeric_limits<int64_t>::max());
}

std::vector<Statement> Parser::parse_query() {
    std::vector<Statement> statements;
    for (bool separated = true; !failed();) {
        const Lexeme lexeme = scan_skipping_space();
        if (failed() || lexeme.token == Token::end_of_input) break;
        if (lexeme.token == Token::semicolon) {
            separated = true;
        } else if (!separated) {
            fail_found(lexeme, {";"});
        } else {
            unscan();
            statements.push_back(parse_statement());
            separated = false;
        }
    }
    return statements;
}

Result<std::vector<Statement>> parse_query(std::string_view text, const Params &params) {
    Parser parser(text, params);
    std::vector<Statement> statements = parser.parse_query();
    if (!parser.status().ok()) return parser.status();
    return statements;
}

Result<ExprPtr> parse_expression(std::string_view text, const Params &params) {
    Parser parser(text, params);
    ExprPtr expr = parser.parse_expr();
    if (!parser.status().ok()) return parser.status();
    return expr;
}

}  // namespace varve::query::influxql
