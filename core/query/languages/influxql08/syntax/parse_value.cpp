// Values, calls, arithmetic, and the conditions of WHERE.
#include "query/languages/influxql08/syntax/parser_state.hpp"

namespace varve::query::influxql08 {

namespace {

Value binary(std::string op, Value left, Value right) {
    Value out;
    out.kind = ValueKind::binary;
    out.text = std::move(op);
    out.args.push_back(std::move(left));
    out.args.push_back(std::move(right));
    return out;
}

Condition logical(Condition::Kind kind, Condition left, Condition right) {
    Condition out;
    out.kind = kind;
    out.sides.push_back(std::move(left));
    out.sides.push_back(std::move(right));
    return out;
}

bool is_comparison(Token token) {
    return token >= Token::equal && token <= Token::greater_equal;
}

}  // namespace

std::vector<Value> Parser::parse_values() {
    std::vector<Value> out;
    do {
        out.push_back(parse_value());
    } while (take(','));
    return out;
}

// Operands of one rank of operators, from the left.
Value Parser::parse_chain(char one, char other, Value (Parser::*parse_next)()) {
    Value left = (this->*parse_next)();
    int links = 0;
    while (at(one) || at(other)) {
        // A chain is as deep as it is long.
        if (!enter()) return {};
        ++links;
        std::string op = ahead_.text;
        advance();
        left = binary(std::move(op), std::move(left), (this->*parse_next)());
    }
    depth_ -= links;
    return left;
}

Value Parser::parse_value() {
    return parse_chain('+', '-', &Parser::parse_product);
}

Value Parser::parse_product() {
    return parse_chain('*', '/', &Parser::parse_operand);
}

Value Parser::parse_operand() {
    Value out;
    switch (ahead_.token) {
        case Token::string:
            out.kind = ValueKind::string;
            break;
        case Token::integer:
            out.kind = ValueKind::integer;
            break;
        case Token::floating:
            out.kind = ValueKind::floating;
            break;
        case Token::boolean:
            out.kind = ValueKind::boolean;
            break;
        case Token::duration:
            out.kind = ValueKind::duration;
            break;
        case Token::simple_name:
        case Token::table_name:
            return parse_name();
        default:
            if (take('-')) return parse_negative();
            if (take('*')) {
                out.kind = ValueKind::wildcard;
                out.text.push_back('*');
                return out;
            }
            if (!take('(')) {
                fail_unexpected();
                return out;
            }
            if (!enter()) return out;
            out = parse_value();
            --depth_;
            expect(')');
            if (take(Token::as)) {
                out.alias = ahead_.text;
                expect(Token::simple_name);
            }
            return out;
    }
    out.text = ahead_.text;
    advance();
    return out;
}

Value Parser::parse_negative() {
    if (!at(Token::integer) && !at(Token::floating) && !at(Token::duration)) {
        fail_unexpected({"INT_VALUE", "FLOAT_VALUE", "DURATION"});
        return {};
    }
    Value out = parse_operand();
    out.text.insert(0, 1, '-');
    return out;
}

Value Parser::parse_name() {
    Value out;
    out.text = ahead_.text;
    const bool is_simple = at(Token::simple_name);
    advance();
    if (!is_simple || !take('(')) return out;
    out.kind = ValueKind::call;
    if (!enter()) return out;
    if (!at(')')) out.args = parse_values();
    --depth_;
    expect(')');
    if (take(Token::as)) {
        out.alias = ahead_.text;
        expect(Token::simple_name);
    }
    return out;
}

Condition Parser::parse_condition() {
    Condition left = parse_conjunction();
    int links = 0;
    while (at(Token::or_word) && enter()) {
        ++links;
        advance();
        left = logical(Condition::Kind::logical_or, std::move(left), parse_conjunction());
    }
    depth_ -= links;
    return left;
}

Condition Parser::parse_conjunction() {
    Condition left = parse_comparison();
    int links = 0;
    while (at(Token::and_word) && enter()) {
        ++links;
        advance();
        left = logical(Condition::Kind::logical_and, std::move(left), parse_comparison());
    }
    depth_ -= links;
    return left;
}

// A parenthesis may hold a condition or the left side's arithmetic: what follows it decides.
Condition Parser::parse_comparison() {
    if (!at('(')) return parse_rest_of_comparison(parse_value());
    if (!enter()) return {};
    const Scanner before = scanner_;
    const Lexeme ahead = ahead_;
    const size_t taken_to = taken_to_;
    advance();
    Condition inner = parse_condition();
    expect(')');
    --depth_;
    const bool is_value =
        inner.kind == Condition::Kind::comparison &&
        inner.comparison.kind != ValueKind::membership &&
        !(inner.comparison.kind == ValueKind::binary && inner.comparison.text.size() != 0 &&
          std::string_view("+-*/").find(inner.comparison.text[0]) == std::string_view::npos);
    const bool goes_on = at('+') || at('-') || at('*') || at('/') || is_comparison(ahead_.token) ||
                         at(Token::match) || at(Token::no_match) || at(Token::in);
    if (failed() || !is_value || !goes_on) return inner;
    scanner_ = before;
    ahead_ = ahead;
    taken_to_ = taken_to;
    return parse_rest_of_comparison(parse_value());
}

Condition Parser::parse_rest_of_comparison(Value left) {
    Condition out;
    const Token token = ahead_.token;
    const std::string op = ahead_.text;
    if (is_comparison(token)) {
        advance();
        out.comparison = binary(op, std::move(left), parse_value());
    } else if (token == Token::match || token == Token::no_match) {
        advance();
        Value regex;
        regex.kind = ValueKind::regex;
        regex.regex = parse_regex();
        out.comparison = binary(op, std::move(left), std::move(regex));
    } else if (take(Token::in)) {
        out.comparison.kind = ValueKind::membership;
        out.comparison.args.push_back(std::move(left));
        expect('(');
        for (Value &value : parse_values()) out.comparison.args.push_back(std::move(value));
        expect(')');
    } else {
        out.comparison = std::move(left);
    }
    return out;
}

}  // namespace varve::query::influxql08
