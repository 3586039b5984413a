#include "query/languages/influxql/select/fold.hpp"

#include <algorithm>
#include <cmath>

namespace varve::query::influxql {

namespace {

bool is_number(const Expr &expr) {
    return expr.kind == ExprKind::number || expr.kind == ExprKind::integer;
}
double number_of(const Expr &expr) {
    return expr.kind == ExprKind::number ? expr.number : static_cast<double>(expr.integer);
}

ExprPtr with_integer(ExprKind kind, int64_t value) {
    Expr expr;
    expr.kind = kind;
    expr.integer = value;
    return std::make_shared<const Expr>(std::move(expr));
}

template <typename T>
ExprPtr fold_comparison(Token op, const T &a, const T &b) {
    switch (op) {
        case Token::eq:
            return make_boolean(a == b);
        case Token::neq:
            return make_boolean(a != b);
        case Token::lt:
            return make_boolean(a < b);
        case Token::lte:
            return make_boolean(a <= b);
        case Token::gt:
            return make_boolean(a > b);
        case Token::gte:
            return make_boolean(a >= b);
        default:
            return nullptr;
    }
}

ExprPtr fold_integers(Token op, int64_t a, int64_t b) {
    const auto left = static_cast<uint64_t>(a);
    const auto right = static_cast<uint64_t>(b);
    const auto make = [](uint64_t value) { return make_integer(static_cast<int64_t>(value)); };
    switch (op) {
        case Token::add:
            return make(left + right);
        case Token::sub:
            return make(left - right);
        case Token::mul:
            return make(left * right);
        case Token::div:
            return make_number(b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b));
        case Token::mod:
            return make_integer(b == 0 || b == -1 ? 0 : a % b);
        case Token::bitwise_and:
            return make(left & right);
        case Token::bitwise_or:
            return make(left | right);
        case Token::bitwise_xor:
            return make(left ^ right);
        default:
            return fold_comparison(op, a, b);
    }
}

ExprPtr fold_floats(Token op, double a, double b) {
    switch (op) {
        case Token::add:
            return make_number(a + b);
        case Token::sub:
            return make_number(a - b);
        case Token::mul:
            return make_number(a * b);
        case Token::div:
            return make_number(b == 0 ? 0 : a / b);
        case Token::mod:
            return make_number(std::fmod(a, b));
        default:
            return fold_comparison(op, a, b);
    }
}

ExprPtr fold_durations(Token op, const Expr &a, const Expr &b) {
    const bool both = a.kind == ExprKind::duration && b.kind == ExprKind::duration;
    if (both) {
        switch (op) {
            case Token::add:
                return with_integer(ExprKind::duration, a.integer + b.integer);
            case Token::sub:
                return with_integer(ExprKind::duration, a.integer - b.integer);
            default:
                return fold_comparison(op, a.integer, b.integer);
        }
    }
    if (a.kind != ExprKind::duration || !is_number(b)) return nullptr;
    const double factor = number_of(b);
    const auto size = static_cast<double>(a.integer);
    switch (op) {
        case Token::mul:
            if (b.kind == ExprKind::integer) {
                return with_integer(ExprKind::duration, a.integer * b.integer);
            }
            return with_integer(ExprKind::duration, static_cast<int64_t>(size * factor));
        case Token::div:
            return with_integer(ExprKind::duration,
                                factor == 0 ? 0 : static_cast<int64_t>(size / factor));
        default:
            return nullptr;
    }
}

ExprPtr fold_logic(Token op, const ExprPtr &lhs, const ExprPtr &rhs) {
    if (op != Token::and_op && op != Token::or_op) return nullptr;
    const bool absorbing = op == Token::or_op;  // true OR x, false AND x
    for (const auto &[one, other] : {std::pair(lhs, rhs), std::pair(rhs, lhs)}) {
        if (one->kind != ExprKind::boolean) continue;
        return one->boolean == absorbing ? one : other;
    }
    return nullptr;
}

ExprPtr fold_literals(Token op, const ExprPtr &lhs, const ExprPtr &rhs) {
    if (ExprPtr logic = fold_logic(op, lhs, rhs)) return logic;
    if (lhs->kind == ExprKind::integer && rhs->kind == ExprKind::integer) {
        return fold_integers(op, lhs->integer, rhs->integer);
    }
    if (is_number(*lhs) && is_number(*rhs)) {
        return fold_floats(op, number_of(*lhs), number_of(*rhs));
    }
    if (lhs->kind == ExprKind::duration || rhs->kind == ExprKind::duration) {
        return fold_durations(op, *lhs, *rhs);
    }
    const bool equality = op == Token::eq || op == Token::neq;
    if (lhs->kind == ExprKind::string && rhs->kind == ExprKind::string && equality) {
        return make_boolean((lhs->text == rhs->text) == (op == Token::eq));
    }
    return nullptr;
}

// ---- times

struct TimeValue {
    enum class Kind : uint8_t { none, time, duration, number, other } kind = Kind::none;
    __int128 ns = 0;
};

Status incompatible(const Expr &expr) {
    static constexpr std::string_view names[] = {
        "NumberLiteral", "IntegerLiteral", "UnsignedLiteral",
        "StringLiteral", "BooleanLiteral", "DurationLiteral",
        "RegexLiteral",  "Wildcard",       "VarRef",
        "Distinct",      "Call",           "BinaryExpr",
        "ParenExpr"};
    return {Code::invalid_argument, "invalid operation: time and *influxql." +
                                        std::string(names[static_cast<size_t>(expr.kind)]) +
                                        " are not compatible"};
}

Result<TimeValue> evaluate_time(const Expr &expr, const TimeContext &context) {
    using Kind = TimeValue::Kind;
    switch (expr.kind) {
        case ExprKind::paren:
            return evaluate_time(*expr.args[0], context);
        case ExprKind::integer:
            return TimeValue{Kind::number, expr.integer};
        case ExprKind::number:
            return TimeValue{Kind::number, static_cast<__int128>(expr.number)};
        case ExprKind::duration:
            return TimeValue{Kind::duration, expr.integer};
        case ExprKind::string: {
            if (!looks_like_time(expr.text)) return incompatible(expr);
            const Result<int64_t> time = parse_time(expr.text, context.zone);
            if (!time.ok()) return time.status();
            return TimeValue{Kind::time, *time};
        }
        case ExprKind::call:
            if (expr.text != "now" || !expr.args.empty()) return incompatible(expr);
            return TimeValue{Kind::time, context.now_ns};
        case ExprKind::binary:
            break;
        default:
            return incompatible(expr);
    }
    if (expr.op != Token::add && expr.op != Token::sub) return incompatible(expr);
    const Result<TimeValue> left = evaluate_time(expr.lhs(), context);
    if (!left.ok()) return left;
    const Result<TimeValue> right = evaluate_time(expr.rhs(), context);
    if (!right.ok()) return right;
    const bool times = left->kind == Kind::time && right->kind == Kind::time;
    if (times && expr.op == Token::add) return incompatible(expr);
    TimeValue sum;
    sum.ns = expr.op == Token::add ? left->ns + right->ns : left->ns - right->ns;
    sum.kind = times                                                   ? Kind::duration
               : left->kind == Kind::time || right->kind == Kind::time ? Kind::time
                                                                       : left->kind;
    return sum;
}

bool is_time(const Expr &expr) {
    if (expr.kind != ExprKind::reference || expr.text.size() != 4) return false;
    std::string name = expr.text;
    for (char &c : name) c = static_cast<char>(c | 0x20);
    return name == "time";
}

Token mirrored(Token op) {
    switch (op) {
        case Token::lt:
            return Token::gt;
        case Token::lte:
            return Token::gte;
        case Token::gt:
            return Token::lt;
        case Token::gte:
            return Token::lte;
        default:
            return op;
    }
}

Result<SplitCondition> time_bound(Token op, const ExprPtr &operand, const TimeContext &context) {
    const Result<TimeValue> value = evaluate_time(*fold(operand), context);
    if (!value.ok()) return value.status();
    if (value->ns > kTimeMax || value->ns < kTimeMin) {
        const bool over = value->ns > kTimeMax;
        const auto clipped =
            static_cast<int64_t>(std::clamp<__int128>(value->ns, INT64_MIN, INT64_MAX));
        return Status(
            Code::invalid_argument,
            "time " + format_rfc3339(clipped) + (over ? " over" : " under") + "flows time literal");
    }
    const auto time = static_cast<int64_t>(value->ns);
    SplitCondition split;
    switch (op) {
        case Token::eq:
            split.min_ns = time;
            split.max_ns = time;
            break;
        case Token::gt:
            split.min_ns = time + 1;
            break;
        case Token::gte:
            split.min_ns = time;
            break;
        case Token::lt:
            split.max_ns = time - 1;
            break;
        case Token::lte:
            split.max_ns = time;
            break;
        default:
            return Status(Code::invalid_argument,
                          "invalid time comparison operator: " + std::string(token_text(op)));
    }
    return split;
}

void intersect(SplitCondition &into, const SplitCondition &other) {
    if (other.min_ns) into.min_ns = std::max(into.min_ns.value_or(*other.min_ns), *other.min_ns);
    if (other.max_ns) into.max_ns = std::min(into.max_ns.value_or(*other.max_ns), *other.max_ns);
}

}  // namespace

ExprPtr fold(const ExprPtr &expr) {
    if (expr == nullptr || expr->args.empty()) return expr;
    if (expr->kind == ExprKind::paren) {
        ExprPtr inner = fold(expr->args[0]);
        if (inner->kind != ExprKind::binary) return inner;
        if (inner == expr->args[0]) return expr;
        Expr out = *expr;
        out.args[0] = std::move(inner);
        return std::make_shared<const Expr>(std::move(out));
    }
    if (expr->kind == ExprKind::call) {
        Expr out = *expr;
        bool changed = false;
        for (ExprPtr &arg : out.args) {
            ExprPtr folded = fold(arg);
            changed = changed || folded != arg;
            arg = std::move(folded);
        }
        return changed ? std::make_shared<const Expr>(std::move(out)) : expr;
    }
    if (expr->kind != ExprKind::binary) return expr;
    const ExprPtr lhs = fold(expr->args[0]);
    const ExprPtr rhs = fold(expr->args[1]);
    if (ExprPtr folded = fold_literals(expr->op, lhs, rhs)) return folded;
    if (lhs == expr->args[0] && rhs == expr->args[1]) return expr;
    return make_binary(expr->op, lhs, rhs);
}

Result<SplitCondition> split_condition(const ExprPtr &condition, const TimeContext &context) {
    SplitCondition out;
    if (condition == nullptr) return out;
    if (condition->kind == ExprKind::boolean) {
        out.rest = condition;
        return out;
    }
    if (condition->kind == ExprKind::paren) {
        Result<SplitCondition> inner = split_condition(condition->args[0], context);
        if (!inner.ok() || inner->rest == nullptr) return inner;
        Expr paren = *condition;
        paren.args[0] = inner->rest;
        inner->rest = fold(std::make_shared<const Expr>(std::move(paren)));
        return inner;
    }
    if (condition->kind != ExprKind::binary) {
        return Status(Code::invalid_argument,
                      "invalid condition expression: " + to_string(*condition));
    }
    const Token op = condition->op;
    if (op == Token::and_op || op == Token::or_op) {
        Result<SplitCondition> left = split_condition(condition->args[0], context);
        if (!left.ok()) return left;
        const Result<SplitCondition> right = split_condition(condition->args[1], context);
        if (!right.ok()) return right;
        intersect(*left, *right);
        if (left->rest == nullptr) {
            left->rest = right->rest;
        } else if (right->rest != nullptr) {
            left->rest = fold(make_binary(op, left->rest, right->rest));
        }
        return left;
    }
    if (is_time(condition->lhs())) return time_bound(op, condition->args[1], context);
    if (is_time(condition->rhs())) return time_bound(mirrored(op), condition->args[0], context);
    out.rest = fold(condition);
    if (is_literal(*out.rest) && out.rest->kind != ExprKind::boolean) {
        return Status(Code::invalid_argument,
                      "invalid condition expression: " + to_string(*out.rest));
    }
    return out;
}

}  // namespace varve::query::influxql
