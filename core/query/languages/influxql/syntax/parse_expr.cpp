// Expressions: operands with operators of five precedences, all left-associative.
#include <charconv>
#include <limits>

#include "model/calendar.hpp"
#include "model/duration.hpp"
#include "query/languages/influxql/syntax/parser_state.hpp"

namespace varve::query::influxql {

namespace {

std::string lower(std::string text) {
    for (char &c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

template <typename Set>
ExprPtr make(ExprKind kind, Set set) {
    Expr expr;
    expr.kind = kind;
    set(expr);
    return std::make_shared<const Expr>(std::move(expr));
}

// Operands and the operators between them, reduced as precedence demands.
class OperatorStack {
  public:
    explicit OperatorStack(ExprPtr first) { operands_.push_back(std::move(first)); }

    void push(Token op, ExprPtr operand) {
        reduce(operator_precedence(op));
        operators_.push_back(op);
        operands_.push_back(std::move(operand));
    }

    ExprPtr finish() {
        reduce(0);
        return operands_.front();
    }

  private:
    void reduce(int precedence) {
        while (!operators_.empty() && operator_precedence(operators_.back()) >= precedence) {
            ExprPtr rhs = std::move(operands_.back());
            operands_.pop_back();
            operands_.back() =
                make_binary(operators_.back(), std::move(operands_.back()), std::move(rhs));
            operators_.pop_back();
        }
    }

    std::vector<ExprPtr> operands_;
    std::vector<Token> operators_;
};

}  // namespace

ExprPtr Parser::parse_expr() {
    if (++nesting_ > kNestingMax) fail("expression is nested too deeply");
    OperatorStack stack(parse_unary());
    for (int chain = 0; !failed(); ++chain) {
        const Lexeme op = scan_skipping_space();
        if (!is_operator(op.token)) {
            unscan();
            break;
        }
        if (chain >= kOperatorChainMax) fail("expression is nested too deeply");
        ExprPtr operand = parse_operand(op.token);
        if (failed()) break;
        stack.push(op.token, std::move(operand));
    }
    --nesting_;
    return failed() ? nullptr : stack.finish();
}

ExprPtr Parser::parse_operand(Token op) {
    if (!is_regex_operator(op)) return parse_unary();
    ExprPtr regex = parse_regex();
    if (regex == nullptr && !failed()) fail_found(scan_skipping_space(), {"regex"});
    return regex;
}

ExprPtr Parser::parse_unary() {
    const Lexeme lexeme = scan_skipping_space();
    if (failed()) return nullptr;
    switch (lexeme.token) {
        case Token::left_paren: {
            ExprPtr inner = parse_expr();
            const Lexeme end = scan_skipping_space();
            if (end.token != Token::right_paren) fail_found(end, {")"});
            return make(ExprKind::paren, [&](Expr &e) { e.args.push_back(std::move(inner)); });
        }
        case Token::identifier:
            if (scan().token == Token::left_paren) return parse_call(lexeme.text);
            unscan();
            unscan();
            return parse_reference();
        case Token::kw_distinct:
            return parse_distinct();
        case Token::mul:
            return parse_wildcard();
        case Token::add:
        case Token::sub:
            return parse_sign(lexeme.token);
        case Token::bound_parameter: {
            const std::string name = lexeme.text.substr(1);
            const auto bound = params_.find(name);
            if (name.empty()) {
                fail("empty bound parameter");
            } else if (bound == params_.end()) {
                fail("missing parameter: " + name);
            } else {
                fail(bound->second.text);
            }
            return nullptr;
        }
        default:
            return parse_literal(lexeme);
    }
}

ExprPtr Parser::parse_literal(const Lexeme &lexeme) {
    const char *begin = lexeme.text.data();
    const char *end = begin + lexeme.text.size();
    switch (lexeme.token) {
        case Token::string:
            return make(ExprKind::string, [&](Expr &e) { e.text = lexeme.text; });
        case Token::true_literal:
        case Token::false_literal:
            return make_boolean(lexeme.token == Token::true_literal);
        case Token::regex:
            return make(ExprKind::regex, [&](Expr &e) { e.text = lexeme.text; });
        case Token::number: {
            double value = 0;
            if (std::from_chars(begin, end, value).ec != std::errc()) {
                fail_at("unable to parse number", lexeme.position);
            }
            return make_number(value);
        }
        case Token::integer: {
            int64_t value = 0;
            if (std::from_chars(begin, end, value).ec == std::errc()) return make_integer(value);
            // Too large for int64: an unsigned literal, if it fits there.
            uint64_t large = 0;
            if (std::from_chars(begin, end, large).ec != std::errc()) {
                fail_at("unable to parse integer", lexeme.position);
            }
            return make(ExprKind::unsigned_integer, [&](Expr &e) { e.unsigned_integer = large; });
        }
        case Token::duration: {
            const auto months = takes_months_ ? parse_calendar_months(lexeme.text) : std::nullopt;
            if (months) {
                return make(ExprKind::months, [&](Expr &e) { e.integer = *months; });
            }
            const Result<int64_t> value = parse_influx_duration(lexeme.text);
            if (!value.ok()) {
                fail(value.status().text());
                return nullptr;
            }
            return make(ExprKind::duration, [&](Expr &e) { e.integer = *value; });
        }
        default:
            fail_found(lexeme, {"identifier", "string", "number", "bool"});
            return nullptr;
    }
}

ExprPtr Parser::parse_sign(Token sign) {
    const bool minus = sign == Token::sub;
    const Lexeme next = scan_skipping_space();
    switch (next.token) {
        case Token::number:
        case Token::integer:
        case Token::duration:
        case Token::left_paren:
        case Token::identifier:
            break;
        default:
            fail_found(next, {"identifier", "number", "duration", "("});
            return nullptr;
    }
    unscan();
    const ExprPtr operand = parse_unary();
    if (failed()) return nullptr;
    Expr literal = *operand;
    switch (operand->kind) {
        case ExprKind::number:
            if (minus) literal.number = -literal.number;
            break;
        case ExprKind::integer:
        case ExprKind::duration:
            if (minus) literal.integer = -literal.integer;
            break;
        case ExprKind::unsigned_integer:
            if (!minus) break;
            // The lowest int64 has no positive twin, so it arrives as an unsigned literal.
            if (literal.unsigned_integer == uint64_t{1} << 63) {
                return make_integer(std::numeric_limits<int64_t>::min());
            }
            fail("constant -" + std::to_string(literal.unsigned_integer) + " underflows int64");
            return nullptr;
        default:
            return make_binary(Token::mul, make_integer(minus ? -1 : 1), operand);
    }
    return std::make_shared<const Expr>(std::move(literal));
}

ExprPtr Parser::parse_wildcard() {
    DataType cast = DataType::unknown;
    if (take(Token::double_colon)) {
        const Lexeme type = scan();
        if (type.token == Token::kw_field) {
            cast = DataType::any_field;
        } else if (type.token == Token::kw_tag) {
            cast = DataType::tag;
        } else {
            fail_found(type, {"field", "tag"});
        }
    }
    return make(ExprKind::wildcard, [&](Expr &e) { e.cast = cast; });
}

ExprPtr Parser::parse_distinct() {
    const Lexeme next = scan();
    if (next.token == Token::left_paren) return parse_call("distinct");
    if (next.token != Token::white_space) {
        fail_found(next, {"(", "identifier"});
        return nullptr;
    }
    std::string name = parse_identifier();
    return make(ExprKind::distinct, [&](Expr &e) { e.text = std::move(name); });
}

ExprPtr Parser::parse_reference() {
    const std::vector<std::string> segments = parse_segments();
    std::string name;
    for (const std::string &segment : segments) {
        if (!name.empty()) name += '.';
        name += segment;
    }
    DataType cast = DataType::unknown;
    if (scan().token == Token::double_colon) {
        const Lexeme type = scan();
        const std::string word = type.token == Token::kw_field ? "field"
                                 : type.token == Token::kw_tag ? "tag"
                                                               : lower(type.text);
        for (const DataType known :
             {DataType::floating, DataType::integer, DataType::unsigned_integer, DataType::string,
              DataType::boolean, DataType::any_field, DataType::tag}) {
            if (word == data_type_name(known)) cast = known;
        }
        if (cast == DataType::unknown) {
            fail_found(type, {"float", "integer", "unsigned", "string", "boolean", "field", "tag"});
        }
    } else {
        unscan();
    }
    return make_reference(std::move(name), cast);
}

ExprPtr Parser::parse_argument() {
    if (ExprPtr regex = parse_regex()) return regex;
    return parse_expr();
}

ExprPtr Parser::parse_call(std::string name) {
    std::vector<ExprPtr> args;
    ExprPtr first = parse_regex();
    if (first == nullptr) {
        if (scan().token == Token::right_paren) return make_call(lower(std::move(name)), {});
        unscan();
        takes_months_ = in_dimensions_ && lower(name) == "time";
        first = parse_expr();
        takes_months_ = false;
    }
    args.push_back(std::move(first));
    while (take(Token::comma)) args.push_back(parse_argument());
    const Lexeme end = scan();
    if (end.token != Token::right_paren) fail_found(end, {")"});
    return failed() ? nullptr : make_call(lower(std::move(name)), std::move(args));
}

}  // namespace varve::query::influxql
