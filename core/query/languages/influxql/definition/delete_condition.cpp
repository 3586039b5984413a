#include "query/languages/influxql/definition/delete_condition.hpp"

#include <utility>

#include "query/languages/influxql/select/lower_condition.hpp"

namespace varve::query::influxql {

namespace {

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

bool is_logical(const Expr &expr) {
    return expr.kind == ExprKind::binary && (expr.op == Token::and_op || expr.op == Token::or_op);
}

// A comparison with the reference on its left.
struct Comparison {
    const Expr *reference = nullptr;  // null: neither side is one
    const Expr *other = nullptr;
    uint32_t op = 0;  // varve_compare; 0 = none of them
};

uint32_t compare_op(Token op, bool mirrored) {
    switch (op) {
        case Token::eq:
            return VARVE_EQ;
        case Token::neq:
            return VARVE_NE;
        case Token::lt:
            return mirrored ? VARVE_GT : VARVE_LT;
        case Token::lte:
            return mirrored ? VARVE_GE : VARVE_LE;
        case Token::gt:
            return mirrored ? VARVE_LT : VARVE_GT;
        case Token::gte:
            return mirrored ? VARVE_LE : VARVE_GE;
        default:
            return 0;
    }
}

Comparison comparison_of(const Expr &expr) {
    Comparison out;
    if (expr.kind != ExprKind::binary) return out;
    const Expr *left = &without_parens(expr.lhs());
    const Expr *right = &without_parens(expr.rhs());
    const bool mirrored = left->kind != ExprKind::reference;
    if (mirrored) std::swap(left, right);
    if (left->kind != ExprKind::reference) return out;
    out.reference = left;
    out.other = right;
    out.op = compare_op(expr.op, mirrored);
    return out;
}

class Lowering {
  public:
    explicit Lowering(const DeleteNames &names) : names_(names) {}

    Status add(const Expr &raw);
    DeleteCondition take() { return std::move(out_); }

  private:
    Result<bool> mentions_field(const Expr &raw) const;
    Status add_value(const Expr &expr);
    void add_series(const Expr &expr);

    const DeleteNames &names_;
    DeleteCondition out_;
};

// Only texts are compared with tags, so anything else is about a field.
Result<bool> Lowering::mentions_field(const Expr &raw) const {
    const Expr &expr = without_parens(raw);
    if (expr.kind == ExprKind::boolean) return false;
    if (is_logical(expr)) {
        const Result<bool> left = mentions_field(expr.lhs());
        return !left.ok() || *left ? left : mentions_field(expr.rhs());
    }
    if (expr.kind != ExprKind::binary) {
        return invalid("invalid condition expression: " + to_string(expr));
    }
    const Comparison comparison = comparison_of(expr);
    if (comparison.reference == nullptr) return true;
    const ExprKind kind = comparison.other->kind;
    if (kind != ExprKind::string && kind != ExprKind::regex) return true;
    const Expr &reference = *comparison.reference;
    if (reference.cast != DataType::unknown) return reference.cast != DataType::tag;
    // A name that is both is the tag, as InfluxDB has it.
    return names_.fields.contains(reference.text) && !names_.tags.contains(reference.text);
}

Status Lowering::add(const Expr &raw) {
    const Expr &expr = without_parens(raw);
    if (is_logical(expr) && expr.op == Token::and_op) {
        VARVE_RETURN_IF_ERROR(add(expr.lhs()));
        return add(expr.rhs());
    }
    const Result<bool> of_fields = mentions_field(expr);
    if (!of_fields.ok()) return of_fields.status();
    if (*of_fields) return add_value(expr);
    add_series(expr);
    return {};
}

void Lowering::add_series(const Expr &expr) {
    plan::SeriesPredicate both;
    both.op = VARVE_SERIES_AND;
    both.children.push_back(std::move(out_.series));
    both.children.push_back(lower_tag_condition(expr));
    const bool first = both.children[0].op == VARVE_SERIES_ALL;
    out_.series = first ? std::move(both.children[1]) : std::move(both);
}

Status Lowering::add_value(const Expr &expr) {
    if (is_logical(expr)) {
        return invalid("DELETE joins conditions on fields with AND only, not as in " +
                       to_string(expr));
    }
    const Comparison comparison = comparison_of(expr);
    const bool is_constant = comparison.reference != nullptr && is_literal(*comparison.other) &&
                             comparison.other->kind != ExprKind::duration;
    if (!is_constant || comparison.op == 0) {
        return invalid(
            "DELETE compares a field with a constant by = != < <= > >= only, not as in " +
            to_string(expr));
    }
    const plan::Scalar constant = literal_scalar(*comparison.other);
    plan::ValueCondition value;
    value.column = comparison.reference->text;
    value.op = comparison.op;
    value.type = constant.type;
    value.number = constant.number;
    value.integer = constant.integer;
    value.unsigned_integer = constant.type == plan::Type::boolean ? (constant.boolean ? 1 : 0)
                                                                  : constant.unsigned_integer;
    value.text = constant.text;
    out_.values.push_back(std::move(value));
    return {};
}

}  // namespace

Result<DeleteCondition> lower_delete_condition(const ExprPtr &condition, const DeleteNames &names) {
    Lowering lowering(names);
    if (condition != nullptr) VARVE_RETURN_IF_ERROR(lowering.add(*condition));
    return lowering.take();
}

}  // namespace varve::query::influxql
