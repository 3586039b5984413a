#include "query/languages/influxql/select/lower_condition.hpp"

#include <re2/re2.h>

namespace varve::query::influxql {

plan::Op scalar_op(Token op) {
    switch (op) {
        case Token::add:
            return plan::Op::add;
        case Token::sub:
            return plan::Op::subtract;
        case Token::mul:
            return plan::Op::multiply;
        case Token::div:
            return plan::Op::divide;
        case Token::mod:
            return plan::Op::modulo;
        case Token::bitwise_and:
            return plan::Op::bit_and;
        case Token::bitwise_or:
            return plan::Op::bit_or;
        case Token::bitwise_xor:
            return plan::Op::bit_xor;
        case Token::and_op:
            return plan::Op::logical_and;
        case Token::or_op:
            return plan::Op::logical_or;
        case Token::eq:
            return plan::Op::equal;
        case Token::neq:
            return plan::Op::not_equal;
        case Token::lt:
            return plan::Op::less;
        case Token::lte:
            return plan::Op::less_equal;
        case Token::gt:
            return plan::Op::greater;
        case Token::gte:
            return plan::Op::greater_equal;
        case Token::eq_regex:
            return plan::Op::match;
        case Token::neq_regex:
            return plan::Op::no_match;
        default:
            return plan::Op::constant;
    }
}

plan::Scalar literal_scalar(const Expr &expr) {
    plan::Scalar out;
    switch (expr.kind) {
        case ExprKind::number:
            out.type = plan::Type::floating;
            out.number = expr.number;
            break;
        case ExprKind::integer:
        case ExprKind::duration:
            out.type = plan::Type::integer;
            out.integer = expr.integer;
            break;
        case ExprKind::unsigned_integer:
            out.type = plan::Type::unsigned_integer;
            out.unsigned_integer = expr.unsigned_integer;
            break;
        case ExprKind::boolean:
            out.type = plan::Type::boolean;
            out.boolean = expr.boolean;
            break;
        case ExprKind::string:
            out.type = plan::Type::string;
            out.text = expr.text;
            break;
        default:
            break;  // null
    }
    return out;
}

namespace {

bool is_logical(Token op) {
    return op == Token::and_op || op == Token::or_op;
}

plan::SeriesPredicate leaf(uint32_t op, std::string tag = {}, std::string value = {}) {
    return {op, std::move(tag), std::move(value), {}};
}

plan::SeriesPredicate join(uint32_t op, plan::SeriesPredicate a, plan::SeriesPredicate b) {
    const uint32_t absorbing = op == VARVE_SERIES_AND ? VARVE_SERIES_NONE : VARVE_SERIES_ALL;
    const uint32_t neutral = op == VARVE_SERIES_AND ? VARVE_SERIES_ALL : VARVE_SERIES_NONE;
    if (a.op == absorbing || b.op == neutral) return a;
    if (b.op == absorbing || a.op == neutral) return b;
    // Chains become one flat node.
    if (a.op == op) {
        a.children.push_back(std::move(b));
        return a;
    }
    plan::SeriesPredicate out = leaf(op);
    out.children.push_back(std::move(a));
    out.children.push_back(std::move(b));
    return out;
}

struct Part {
    plan::SeriesPredicate series = leaf(VARVE_SERIES_ALL);
    bool needs_filter = false;  // the predicate is only necessary, not enough
    std::optional<plan::Scalar> filter;
};

class Lowering {
  public:
    Lowering(const Resolver &resolve, const FunctionTable &functions, uint32_t first_input,
             SeriesOf series_of)
        : resolve_(resolve),
          functions_(functions),
          first_input_(first_input),
          series_of_(series_of) {}

    // The whole condition.
    Part lower_all(const Expr &raw);
    plan::Scalar scalar(const Expr &raw);
    std::vector<plan::Input> take_inputs() { return std::move(inputs_); }
    void collect_conditions(const Expr &raw, std::vector<plan::ValueCondition> &out);

  private:
    // Of an OR that needs a filter without the filter: lower_all() makes it once for a chain.
    Part lower(const Expr &raw);
    Part lower_comparison(const Expr &expr);
    bool compares_tags(const Expr &expr) const;
    plan::Scalar compare_tags(plan::Scalar comparison) const;
    bool is_tag(const Expr &expr) const {
        return expr.kind == ExprKind::reference && resolve_(expr).is_tag;
    }
    uint32_t input_of(const Expr &reference);

    const Resolver &resolve_;
    const FunctionTable &functions_;
    const uint32_t first_input_;
    const SeriesOf series_of_;
    std::vector<plan::Input> inputs_;
};

uint32_t Lowering::input_of(const Expr &reference) {
    plan::Input input = resolve_(reference);
    for (size_t i = 0; i < inputs_.size(); ++i) {
        const plan::Input &known = inputs_[i];
        if (known.name == input.name && known.is_tag == input.is_tag && known.type == input.type &&
            known.converts == input.converts) {
            return first_input_ + static_cast<uint32_t>(i);
        }
    }
    inputs_.push_back(std::move(input));
    return first_input_ + static_cast<uint32_t>(inputs_.size() - 1);
}

plan::Scalar Lowering::scalar(const Expr &raw) {
    const Expr &expr = without_parens(raw);
    plan::Scalar out;
    out.in_condition = true;
    if (expr.kind == ExprKind::reference) {
        out.op = plan::Op::input;
        out.input = input_of(expr);
        return out;
    }
    if (expr.kind == ExprKind::call) {
        out.op = plan::Op::call;
        out.function = functions_.find(expr.text);
        for (const ExprPtr &arg : expr.args) out.args.push_back(scalar(*arg));
        return out;
    }
    if (expr.kind != ExprKind::binary) return literal_scalar(expr);
    out.op = scalar_op(expr.op);
    out.args.push_back(scalar(expr.lhs()));
    if (is_regex_operator(expr.op)) {
        out.regex = std::make_shared<const re2::RE2>(expr.rhs().text, re2::RE2::Quiet);
    } else {
        out.args.push_back(scalar(expr.rhs()));
    }
    return compares_tags(expr) ? compare_tags(std::move(out)) : out;
}

bool Lowering::compares_tags(const Expr &expr) const {
    return series_of_ == SeriesOf::storage && (expr.op == Token::eq || expr.op == Token::neq) &&
           is_tag(without_parens(expr.lhs())) && is_tag(without_parens(expr.rhs()));
}

// A tag that a series lacks equals no other: `a = b AND a != ''`, or `a != b OR a = ''`.
plan::Scalar Lowering::compare_tags(plan::Scalar comparison) const {
    const bool equal = comparison.op == plan::Op::equal;
    plan::Scalar nothing;
    nothing.type = plan::Type::string;
    plan::Scalar presence;
    presence.in_condition = true;
    presence.op = equal ? plan::Op::not_equal : plan::Op::equal;
    presence.args.push_back(comparison.args[0]);
    presence.args.push_back(std::move(nothing));
    plan::Scalar out;
    out.in_condition = true;
    out.op = equal ? plan::Op::logical_and : plan::Op::logical_or;
    out.args.push_back(std::move(comparison));
    out.args.push_back(std::move(presence));
    return out;
}

Part Lowering::lower_comparison(const Expr &expr) {
    Part part;
    // As InfluxDB has it, arithmetic that nothing is compared with lets every row of storage pass.
    if (expr.kind == ExprKind::binary && operator_precedence(expr.op) > 3) return part;
    const Expr *left = &without_parens(expr.lhs());
    const Expr *right = &without_parens(expr.rhs());
    if (!is_tag(*left) && is_tag(*right)) std::swap(left, right);
    const bool equality = expr.op == Token::eq || expr.op == Token::neq;
    if (is_tag(*left) && right->kind == ExprKind::string && equality) {
        part.series =
            leaf(expr.op == Token::eq ? VARVE_SERIES_EQ : VARVE_SERIES_NE, left->text, right->text);
        return part;
    }
    if (is_tag(*left) && is_regex_operator(expr.op)) {
        part.series = leaf(expr.op == Token::eq_regex ? VARVE_SERIES_MATCH : VARVE_SERIES_NOMATCH,
                           left->text, right->text);
        return part;
    }
    part.needs_filter = true;
    part.filter = scalar(expr);
    return part;
}

Part Lowering::lower_all(const Expr &raw) {
    Part part = lower(raw);
    if (part.needs_filter && !part.filter) part.filter = scalar(raw);
    return part;
}

Part Lowering::lower(const Expr &raw) {
    const Expr &expr = without_parens(raw);
    if (expr.kind == ExprKind::boolean) {
        Part part;
        part.series = leaf(expr.boolean ? VARVE_SERIES_ALL : VARVE_SERIES_NONE);
        return part;
    }
    if (expr.kind != ExprKind::binary || !is_logical(expr.op)) return lower_comparison(expr);
    const bool all_apply = expr.op == Token::and_op;
    Part left = all_apply ? lower_all(expr.lhs()) : lower(expr.lhs());
    Part right = all_apply ? lower_all(expr.rhs()) : lower(expr.rhs());
    Part out;
    out.needs_filter = left.needs_filter || right.needs_filter;
    if (all_apply) {
        out.series = join(VARVE_SERIES_AND, std::move(left.series), std::move(right.series));
        if (left.filter && right.filter) {
            plan::Scalar both;
            both.op = plan::Op::logical_and;
            both.in_condition = true;
            both.args.push_back(std::move(*left.filter));
            both.args.push_back(std::move(*right.filter));
            out.filter = std::move(both);
        } else {
            out.filter = left.filter ? std::move(left.filter) : std::move(right.filter);
        }
        return out;
    }
    // Rows of either side's series may pass; which of them do, only the whole condition tells.
    out.series = join(VARVE_SERIES_OR, std::move(left.series), std::move(right.series));
    return out;
}

void Lowering::collect_conditions(const Expr &raw, std::vector<plan::ValueCondition> &out) {
    const Expr &expr = without_parens(raw);
    if (expr.kind != ExprKind::binary) return;
    if (expr.op == Token::and_op) {
        collect_conditions(expr.lhs(), out);
        collect_conditions(expr.rhs(), out);
        return;
    }
    const Expr &left = without_parens(expr.lhs());
    const Expr &right = without_parens(expr.rhs());
    if (left.kind != ExprKind::reference) return;
    const plan::Input input = resolve_(left);
    plan::ValueCondition condition;
    switch (expr.op) {
        case Token::eq:
            condition.op = VARVE_EQ;
            break;
        case Token::lt:
            condition.op = VARVE_LT;
            break;
        case Token::lte:
            condition.op = VARVE_LE;
            break;
        case Token::gt:
            condition.op = VARVE_GT;
            break;
        case Token::gte:
            condition.op = VARVE_GE;
            break;
        default:
            return;
    }
    // Values that are converted first cannot be judged by their statistics.
    if (input.is_tag || input.converts) return;
    condition.column = input.name;
    condition.type = input.type;
    if (input.type == plan::Type::floating &&
        (right.kind == ExprKind::number || right.kind == ExprKind::integer)) {
        condition.number =
            right.kind == ExprKind::number ? right.number : static_cast<double>(right.integer);
    } else if (input.type == plan::Type::integer && right.kind == ExprKind::integer) {
        condition.integer = right.integer;
    } else {
        return;
    }
    out.push_back(std::move(condition));
}

}  // namespace

LoweredCondition lower_condition(const Expr &condition, const Resolver &resolve,
                                 const FunctionTable &functions, uint32_t first_input,
                                 SeriesOf series_of) {
    Lowering lowering(resolve, functions, first_input, series_of);
    if (series_of == SeriesOf::subquery) {
        LoweredCondition out;
        out.filter = lowering.scalar(condition);
        out.inputs = lowering.take_inputs();
        return out;
    }
    Part part = lowering.lower_all(condition);
    LoweredCondition out;
    out.series = std::move(part.series);
    out.filter = std::move(part.filter);
    lowering.collect_conditions(condition, out.conditions);
    out.inputs = lowering.take_inputs();
    return out;
}

plan::SeriesPredicate lower_tag_condition(const Expr &raw) {
    const Expr &expr = without_parens(raw);
    if (expr.kind == ExprKind::boolean) {
        return leaf(expr.boolean ? VARVE_SERIES_ALL : VARVE_SERIES_NONE);
    }
    if (expr.kind != ExprKind::binary) return leaf(VARVE_SERIES_NONE);
    if (is_logical(expr.op)) {
        return join(expr.op == Token::and_op ? VARVE_SERIES_AND : VARVE_SERIES_OR,
                    lower_tag_condition(expr.lhs()), lower_tag_condition(expr.rhs()));
    }
    const Resolver tags = [](const Expr &reference) {
        return plan::Input{reference.text, true, plan::Type::string, false};
    };
    // Conditions on tags alone call nothing.
    const FunctionTable no_functions;
    Part part = Lowering(tags, no_functions, 0, SeriesOf::storage).lower_all(expr);
    return part.needs_filter ? leaf(VARVE_SERIES_NONE) : std::move(part.series);
}

}  // namespace varve::query::influxql
