#include "query/languages/influxql08/syntax/parser.hpp"

#include <re2/re2.h>

#include <charconv>

#include "query/languages/influxql08/syntax/parser_state.hpp"

namespace varve::query::influxql08 {

void Parser::advance() {
    taken_to_ = ahead_.to;
    ahead_ = failed() ? Lexeme() : scanner_.next();
}

bool Parser::take(Token token) {
    if (!at(token)) return false;
    advance();
    return true;
}

bool Parser::take(char symbol) {
    if (!at(symbol)) return false;
    advance();
    return true;
}

void Parser::fail(std::string text) {
    if (failed()) return;
    status_ = Status(Code::invalid_argument, std::move(text));
    ahead_ = Lexeme();
}

void Parser::fail_unexpected(std::initializer_list<std::string_view> expected) {
    std::string out = "syntax error, unexpected " + token_name(ahead_);
    const char *before = ", expecting ";
    for (const std::string_view name : expected) {
        out += before;
        out += name;
        before = " or ";
    }
    out += '\n';
    out += text_;
    out += '\n';
    out.append(ahead_.from, ' ');
    out.append(ahead_.to - ahead_.from, '^');
    fail(std::move(out));
}

void Parser::expect(Token token) {
    if (!take(token)) fail_unexpected({token_name(token)});
}

void Parser::expect(char symbol) {
    const std::string name{'\'', symbol, '\''};
    if (!take(symbol)) fail_unexpected({name});
}

bool Parser::enter() {
    if (depth_ >= kDepthMax) fail("the query is nested too deeply");
    ++depth_;
    return !failed();
}

int64_t Parser::parse_integer() {
    const std::string text = ahead_.text;
    if (!at(Token::integer)) {
        fail_unexpected({token_name(Token::integer)});
        return 0;
    }
    advance();
    int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc()) fail("number out of range: " + text);
    return value;
}

std::shared_ptr<const re2::RE2> Parser::parse_regex() {
    if (!at(Token::regex) && !at(Token::insensitive_regex)) {
        fail_unexpected({token_name(Token::regex), token_name(Token::insensitive_regex)});
        return nullptr;
    }
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_case_sensitive(at(Token::regex));
    auto regex = std::make_shared<const re2::RE2>(ahead_.text, options);
    if (!regex->ok()) {
        fail("error parsing regexp: " + regex->error() + ": `" + regex->error_arg() + "`");
        return nullptr;
    }
    advance();
    return regex;
}

std::vector<Statement> Parser::parse_statements() {
    std::vector<Statement> out;
    do {
        out.push_back(parse_statement());
        if (!take(';') && !at(Token::end)) fail_unexpected({token_name(Token::end), "';'"});
    } while (!failed() && !at(Token::end));
    return out;
}

Statement Parser::parse_statement() {
    Statement out;
    const size_t from = ahead_.from;
    if (at(Token::select_word)) {
        out.select = parse_select();
    } else if (take(Token::explain)) {
        out.select = parse_select();
    } else if (take(Token::list)) {
        parse_list(out);
    } else if (take(Token::drop)) {
        parse_drop(out);
    } else if (take(Token::delete_word)) {
        parse_delete(out);
    } else {
        fail_unexpected();
    }
    if (!failed()) out.text = text_.substr(from, taken_to_ - from);
    return out;
}

void Parser::parse_list(Statement &out) {
    if (take(Token::continuous)) {
        out.kind = StatementKind::list_continuous_queries;
        if (ahead_.text == "queries") return advance();
        return fail_unexpected();
    }
    out.kind = StatementKind::list_series;
    if (!take(Token::series)) return fail_unexpected({"SERIES", "CONTINUOUS_QUERIES"});
    if (at(Token::regex) || at(Token::insensitive_regex)) out.regex = parse_regex();
    if (!take(Token::include)) return;
    expect(Token::spaces);
    out.include_spaces = true;
}

void Parser::parse_drop(Statement &out) {
    if (take(Token::continuous)) {
        out.kind = StatementKind::drop_continuous_query;
        if (ahead_.text != "query") return fail_unexpected();
        advance();
        out.id = parse_integer();
        return;
    }
    if (!take(Token::series)) return fail_unexpected({"CONTINUOUS_QUERY", "SERIES"});
    out.kind = StatementKind::drop_series;
    out.name = parse_table_name();
}

void Parser::parse_delete(Statement &out) {
    out.kind = StatementKind::remove;
    parse_from(out.select);
    parse_where(out.select);
    if (failed() || out.select.from.kind == From::Kind::list) return;
    fail("Merge and Inner joins can't be used with a delete query");
}

Result<std::vector<Statement>> parse_query(std::string_view text) {
    Parser parser(text);
    std::vector<Statement> statements = parser.parse_statements();
    if (!parser.status().ok()) return parser.status();
    return statements;
}

}  // namespace varve::query::influxql08
