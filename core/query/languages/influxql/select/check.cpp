#include "query/languages/influxql/select/check.hpp"

#include <algorithm>
#include <cmath>

#include "model/calendar.hpp"
#include "query/exec/evaluate.hpp"
#include "query/languages/influxql/select/lower_condition.hpp"

namespace varve::query::influxql {

namespace {

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

plan::Fill plan_fill(const Fill &fill) {
    return {static_cast<plan::FillKind>(fill.kind), fill.number, fill.integer, fill.is_integer};
}
static_assert(static_cast<int>(FillKind::number) == static_cast<int>(plan::FillKind::number));

bool is_word(const std::string &name, std::string_view word) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a | 0x20) == b; });
}

// Scalar functions of nothing but literals become literals.
ExprPtr fold_calls(const ExprPtr &expr, const FunctionTable &functions) {
    if (expr->args.empty()) return plain_distinct(expr);
    Expr out = *expr;
    bool changed = false;
    bool literals = true;
    for (ExprPtr &arg : out.args) {
        ExprPtr folded = fold_calls(arg, functions);
        changed = changed || folded != arg;
        arg = std::move(folded);
        literals = literals && is_literal(*arg) && arg->kind != ExprKind::regex;
    }
    const ExprPtr same = changed ? fold(std::make_shared<const Expr>(out)) : expr;
    if (expr->kind != ExprKind::call || !literals) return same;
    const varve_function *function = functions.find(expr->text);
    if (function == nullptr || function->kind != VARVE_FUNCTION_SCALAR) return same;
    plan::Scalar call;
    call.op = plan::Op::call;
    call.function = function;
    for (const ExprPtr &arg : out.args) call.args.push_back(literal_scalar(*arg));
    if (function->check(nullptr, static_cast<uint32_t>(out.args.size()), nullptr) != VARVE_OK) {
        return same;
    }
    const exec::Vector value = exec::evaluate(call, {}, 1);
    if (!value.is_valid(0)) return same;
    if (value.type == plan::Type::floating) {
        return std::isnan(value.number(0)) ? same : make_number(value.number(0));
    }
    return value.type == plan::Type::integer ? make_integer(value.integer(0)) : same;
}

class Checker {
  public:
    Checker(const SelectStatement &select, const FunctionTable &functions, int64_t now_ns,
            const OuterSelect *outer)
        : select_(select), functions_(functions), now_ns_(now_ns), outer_(outer) {}

    Result<CheckedSelect> run();

  private:
    Status check_sources() const;
    Status check_range();
    Status take_over_outer();
    // Buckets of its own, not those of the select around it.
    bool has_own_interval() const { return out_.window.interval_ns > 0 && !inherits_window_; }
    Status check_condition(const Expr &expr) const;
    Status check_dimensions();
    Status check_time_dimension(const Expr &call);
    Result<int64_t> window_offset(const Expr &arg);
    Status check_fields();
    Status check_field(const Expr &expr);
    Status check_call(const ExprPtr &call);
    Status check_arguments(const varve_function &function, const Expr &call) const;
    Status check_scalar(const varve_function &function, const Expr &call);
    Status check_stream(const varve_function &function, const Expr &call);
    Status check_multi(const varve_function &function, const Expr &call);
    Status check_symbol(const std::string &name, const Expr &field);
    Status check_having();
    Status check_having_calls(const Expr &expr);
    Status check_combination() const;

    const SelectStatement &select_;
    const FunctionTable &functions_;
    const int64_t now_ns_;
    const OuterSelect *const outer_;
    CheckedSelect out_;
    bool wildcards_allowed_ = true;
    bool has_plain_fields_ = false;
    bool inherits_window_ = false;
    bool only_selectors_ = true;
    std::string alone_;       // a function that suffers nothing beside it, when one is there
    std::string ranking_;     // top or bottom, when one is there
    Status unusable_offset_;  // told when nothing else is wrong
};

Status Checker::check_sources() const {
    static constexpr std::pair<std::string_view, std::string_view> system[] = {
        {"_fieldKeys", "SHOW FIELD KEYS"},
        {"_measurements", "SHOW MEASUREMENTS"},
        {"_series", "SHOW SERIES"},
        {"_tagKeys", "SHOW TAG KEYS"},
        {"_tags", "SHOW TAG VALUES"}};
    for (const Source &source : select_.sources) {
        for (const auto &[name, statement] : system) {
            if (source.name == name) {
                return invalid("unable to use system source '" + source.name + "': use " +
                               std::string(statement) + " instead");
            }
        }
    }
    return {};
}

Status Checker::check_range() {
    Result<SplitCondition> split = split_condition(select_.condition, {now_ns_, select_.zone});
    if (!split.ok()) return split.status();
    out_.condition = split->rest;
    if (out_.condition != nullptr) VARVE_RETURN_IF_ERROR(check_condition(*out_.condition));
    VARVE_RETURN_IF_ERROR(check_dimensions());
    VARVE_RETURN_IF_ERROR(take_over_outer());
    out_.now_ns = now_ns_;
    out_.own_range.min_ns = std::max(split->min_ns.value_or(kTimeMin), kTimeMin);
    out_.own_range.max_ns = std::min(split->max_ns.value_or(kTimeMax), kTimeMax);
    out_.range = out_.range_within(outer_ == nullptr ? plan::TimeRange() : outer_->range);
    return {};
}

Status Checker::take_over_outer() {
    out_.ascending = select_.ascending();
    out_.is_inner = outer_ != nullptr;
    out_.fill = plan_fill(select_.fill);
    if (outer_ == nullptr) return {};
    if (!select_.sort.empty() && out_.ascending != outer_->ascending) {
        return invalid("subqueries must be ordered in the same direction as the query itself");
    }
    out_.ascending = outer_->ascending;
    inherits_window_ = out_.window.interval_ns == 0 && outer_->window.interval_ns > 0;
    if (inherits_window_) out_.window = outer_->window;
    // Nobody sees the empty buckets of a subquery.
    const bool fills_null = out_.fill.kind == plan::FillKind::null;
    if (out_.window.interval_ns > 0 && fills_null) out_.fill.kind = plan::FillKind::none;
    return {};
}

Status Checker::check_condition(const Expr &expr) const {
    if (expr.kind == ExprKind::call) {
        const varve_function *function = functions_.find(expr.text);
        if (function == nullptr || function->kind != VARVE_FUNCTION_SCALAR) {
            return invalid("invalid function call in condition: " + to_string(expr));
        }
        VARVE_RETURN_IF_ERROR(check_arguments(*function, expr));
    }
    for (const ExprPtr &arg : expr.args) VARVE_RETURN_IF_ERROR(check_condition(*arg));
    return {};
}

Status Checker::check_dimensions() {
    for (const ExprPtr &dimension : select_.dimensions) {
        const ExprPtr expr = fold(dimension);
        switch (expr->kind) {
            case ExprKind::reference:
                if (is_word(expr->text, "time")) {
                    return invalid("time() is a function and expects at least one argument");
                }
                out_.dimensions.push_back(expr);
                break;
            case ExprKind::wildcard:
            case ExprKind::regex:
                out_.dimensions.push_back(expr);
                break;
            case ExprKind::call:
                VARVE_RETURN_IF_ERROR(check_time_dimension(*expr));
                break;
            default:
                return invalid("only time and tag dimensions allowed");
        }
    }
    return {};
}

Status Checker::check_time_dimension(const Expr &call) {
    if (call.text != "time") return invalid("only time() calls allowed in dimensions");
    if (call.args.empty() || call.args.size() > 2) {
        return invalid("time dimension expected 1 or 2 arguments");
    }
    const ExprPtr interval = fold(call.args[0]);
    const bool of_months = interval->kind == ExprKind::months;
    if (interval->kind != ExprKind::duration && !of_months) {
        return invalid("time dimension must have duration argument");
    }
    if (out_.window.interval_ns != 0) return invalid("multiple time dimensions not allowed");
    // What is zero or negative behaves as if it were not there.
    out_.window.months = of_months ? interval->integer : 0;
    out_.window.interval_ns =
        of_months ? interval->integer * kMonthNs : std::max<int64_t>(0, interval->integer);
    out_.window.zone = select_.zone;
    if (call.args.size() == 2) {
        const ExprPtr arg = fold(call.args[1]);
        if (of_months && arg->kind != ExprKind::duration) {
            return invalid("time dimension offset of calendar months must be a duration");
        }
        const Result<int64_t> offset = window_offset(*arg);
        if (!offset.ok()) return offset.status();
        if (out_.window.interval_ns > 0) {
            out_.window.offset_ns = of_months ? *offset : *offset % out_.window.interval_ns;
        }
    }
    return {};
}

Result<int64_t> Checker::window_offset(const Expr &arg) {
    switch (arg.kind) {
        case ExprKind::duration:
            return arg.integer;
        case ExprKind::call:
            if (arg.text != "now") return invalid("time dimension offset function must be now()");
            if (!arg.args.empty()) {
                return invalid("time dimension offset now() function requires no arguments");
            }
            return now_ns_;
        case ExprKind::string:
            if (looks_like_time(arg.text)) {
                unusable_offset_ = invalid("invalid time dimension offset: " + to_string(arg));
                return 0;
            }
            [[fallthrough]];
        default:
            return invalid("time dimension offset must be duration or now()");
    }
}

Status Checker::check_fields() {
    for (const Field &field : select_.fields) {
        if (field.expr->kind == ExprKind::reference && field.expr->text == "time") {
            if (!field.alias.empty()) out_.time_name = field.alias;
            out_.time_columns.push_back(field.alias.empty() ? field.expr->text : field.alias);
            continue;
        }
        Field folded{fold_calls(fold(field.expr), functions_), field.alias};
        folded.expr = plain_distinct(folded.expr);
        wildcards_allowed_ = true;
        if (folded.expr->kind == ExprKind::call) {
            VARVE_RETURN_IF_ERROR(check_call(folded.expr));
        } else {
            VARVE_RETURN_IF_ERROR(check_field(*folded.expr));
        }
        out_.fields.push_back(std::move(folded));
    }
    VARVE_RETURN_IF_ERROR(check_having());
    return check_combination();
}

Status Checker::check_having() {
    if (select_.having == nullptr) return {};
    out_.having = fold_calls(fold(select_.having), functions_);
    wildcards_allowed_ = false;
    return check_having_calls(*out_.having);
}

Status Checker::check_having_calls(const Expr &expr) {
    for (const ExprPtr &arg : expr.args) {
        VARVE_RETURN_IF_ERROR(arg->kind == ExprKind::call ? check_call(arg)
                                                          : check_having_calls(*arg));
    }
    return {};
}

Status Checker::check_field(const Expr &expr) {
    switch (expr.kind) {
        case ExprKind::reference:
            has_plain_fields_ = true;
            return {};
        case ExprKind::wildcard:
        case ExprKind::regex:
            has_plain_fields_ = true;
            if (wildcards_allowed_) return {};
            return invalid(expr.kind == ExprKind::wildcard
                               ? "unable to use wildcard in a binary expression"
                               : "unable to use regex in a binary expression");
        case ExprKind::paren:
            if (expr.args[0]->kind == ExprKind::call) return check_call(expr.args[0]);
            return check_field(*expr.args[0]);
        case ExprKind::binary:
            break;
        default:
            return invalid("field must contain at least one variable");
    }
    wildcards_allowed_ = false;
    if (is_literal(expr.lhs()) && is_literal(expr.rhs())) {
        return invalid("cannot perform a binary expression on two literals");
    }
    for (const ExprPtr &side : expr.args) {
        if (is_literal(*side)) continue;
        VARVE_RETURN_IF_ERROR(side->kind == ExprKind::call ? check_call(side) : check_field(*side));
    }
    return {};
}

Status Checker::check_call(const ExprPtr &call) {
    const varve_function *function = functions_.find(call->text);
    if (function == nullptr) return invalid("undefined function " + call->text + "()");
    if (function->kind == VARVE_FUNCTION_SCALAR) return check_scalar(*function, *call);
    out_.calls.push_back(call);
    if (function->kind == VARVE_FUNCTION_STREAM) return check_stream(*function, *call);
    if (function->kind == VARVE_FUNCTION_MULTI) return check_multi(*function, *call);
    if (function->kind != VARVE_FUNCTION_SELECTOR) only_selectors_ = false;
    if (const ExprPtr distinct = counted_distinct(*call)) {
        return check_arguments(*functions_.find(distinct->text), *distinct);
    }
    VARVE_RETURN_IF_ERROR(check_arguments(*function, *call));
    return check_symbol(call->text, *call->args[0]);
}

Status Checker::check_arguments(const varve_function &function, const Expr &call) const {
    std::vector<varve_argument> arguments;
    const std::vector<plan::Argument> owned = call_arguments(call);
    for (const plan::Argument &argument : owned) {
        varve_argument out{};
        out.kind = argument.kind;
        out.text = str(argument.text);
        out.value.as_int = argument.integer;
        if (argument.kind == VARVE_ARGUMENT_FLOAT) out.value.as_float = argument.number;
        arguments.push_back(out);
    }
    // What a stream is computed over is judged by its place, not by its form.
    if (function.kind == VARVE_FUNCTION_STREAM && !arguments.empty()) {
        arguments[0].kind = VARVE_ARGUMENT_FIELD;
    }
    varve_error error = abi_error();
    const int32_t code =
        function.check(arguments.data(), static_cast<uint32_t>(arguments.size()), &error);
    return code == VARVE_OK ? Status() : Status::from_abi(code, error);
}

Status Checker::check_symbol(const std::string &name, const Expr &field) {
    if (field.kind == ExprKind::reference) return {};
    if (field.kind != ExprKind::wildcard && field.kind != ExprKind::regex) {
        return invalid("expected field argument in " + name + "()");
    }
    only_selectors_ = false;
    if (wildcards_allowed_) return {};
    return invalid((field.kind == ExprKind::wildcard
                        ? "unsupported expression with wildcard: "
                        : "unsupported expression with regex field: ") +
                   name + "()");
}

Status Checker::check_scalar(const varve_function &function, const Expr &call) {
    VARVE_RETURN_IF_ERROR(check_arguments(function, call));
    const bool literals = std::all_of(call.args.begin(), call.args.end(),
                                      [](const ExprPtr &arg) { return is_literal(*arg); });
    if (literals) return invalid("field must contain at least one variable");
    for (const ExprPtr &arg : call.args) {
        if (is_literal(*arg)) continue;
        VARVE_RETURN_IF_ERROR(arg->kind == ExprKind::call ? check_call(arg) : check_field(*arg));
    }
    return {};
}

Status Checker::check_stream(const varve_function &function, const Expr &call) {
    VARVE_RETURN_IF_ERROR(check_arguments(function, call));
    only_selectors_ = false;
    const ExprPtr over = plain_distinct(call.args[0]);
    if (over->kind != ExprKind::call || (function.flags & VARVE_FUNCTION_NEEDS_FIELD) != 0) {
        if ((function.flags & VARVE_FUNCTION_NEEDS_CALL) != 0) {
            return invalid("must use aggregate function with " + call.text);
        }
        if (has_own_interval() && (function.flags & VARVE_FUNCTION_NEEDS_FIELD) == 0) {
            return invalid("aggregate function required inside the call to " + call.text);
        }
        return check_symbol(call.text, *over);
    }
    if (out_.window.interval_ns == 0)
        return invalid(call.text + " aggregate requires a GROUP BY interval");
    const varve_function *inner = functions_.find(over->text);
    if (inner != nullptr && (inner->flags & VARVE_FUNCTION_ALONE) != 0) {
        return check_arguments(*inner, *over);
    }
    return check_call(over);
}

Status Checker::check_multi(const varve_function &function, const Expr &call) {
    const bool ranks = (function.flags & VARVE_FUNCTION_RANKS) != 0;
    if (ranks && !ranking_.empty()) {
        return invalid("selector function " + ranking_ +
                       "() cannot be combined with other functions");
    }
    VARVE_RETURN_IF_ERROR(check_arguments(function, call));
    if ((function.flags & VARVE_FUNCTION_ALONE) != 0) {
        alone_ = call.text;
        only_selectors_ = false;
    }
    if (!ranks) return check_symbol(call.text, *call.args[0]);
    const int64_t limit = call.args.back()->integer;
    if (select_.limit > 0 && limit > select_.limit) {
        return invalid("limit (" + std::to_string(limit) + ") in " + call.text +
                       " function can not be larger than the LIMIT (" +
                       std::to_string(select_.limit) + ") in the select statement");
    }
    if (call.args.size() > 2) has_plain_fields_ = true;
    ranking_ = call.text;
    return {};
}

Status Checker::check_combination() const {
    if (out_.fields.empty()) return invalid("at least 1 non-time field must be queried");
    if (out_.calls.empty()) {
        const bool fills_none = has_own_interval() && out_.fill.kind == plan::FillKind::none;
        if (select_.fill.kind == FillKind::none || fills_none) {
            return invalid("fill(none) must be used with a function");
        }
        if (select_.fill.kind == FillKind::linear) {
            return invalid("fill(linear) must be used with a function");
        }
        if (has_own_interval()) {
            return invalid("GROUP BY requires at least one aggregate function");
        }
        return {};
    }
    if (!ranking_.empty() && out_.calls.size() > 1) {
        return invalid("selector function " + ranking_ +
                       "() cannot be combined with other functions");
    }
    if (!alone_.empty() && (out_.calls.size() != 1 || has_plain_fields_)) {
        return invalid("aggregate function " + alone_ +
                       "() cannot be combined with other functions or fields");
    }
    if (!has_plain_fields_) return {};
    if (!only_selectors_) {
        return invalid("mixing aggregate and non-aggregate queries is not supported");
    }
    if (out_.calls.size() > 1) {
        return invalid("mixing multiple selector functions with tags or fields is not supported");
    }
    return {};
}

Result<CheckedSelect> Checker::run() {
    VARVE_RETURN_IF_ERROR(check_sources());
    VARVE_RETURN_IF_ERROR(check_range());
    VARVE_RETURN_IF_ERROR(check_fields());
    VARVE_RETURN_IF_ERROR(unusable_offset_);
    // What has no value is not written. Of a subquery, INTO means nothing.
    const bool writes = select_.target.has_value() && outer_ == nullptr;
    if (writes && out_.fill.kind == plan::FillKind::null) out_.fill.kind = plan::FillKind::none;
    return std::move(out_);
}

}  // namespace

ExprPtr plain_distinct(const ExprPtr &expr) {
    if (expr->kind != ExprKind::distinct) return expr;
    return make_call("distinct", {make_reference(expr->text)});
}

ExprPtr counted_distinct(const Expr &call) {
    if (call.text != "count" || call.args.size() != 1) return nullptr;
    const ExprPtr arg = plain_distinct(call.args[0]);
    return arg->kind == ExprKind::call && arg->text == "distinct" ? arg : nullptr;
}

std::vector<plan::Argument> call_arguments(const Expr &call) {
    std::vector<plan::Argument> out;
    for (const ExprPtr &arg : call.args) {
        plan::Argument argument;
        argument.text = to_string(*arg);
        switch (arg->kind) {
            case ExprKind::reference:
                argument.text = arg->text;
                argument.kind = VARVE_ARGUMENT_FIELD;
                break;
            case ExprKind::wildcard:
            case ExprKind::regex:
                argument.kind = VARVE_ARGUMENT_PATTERN;
                break;
            case ExprKind::integer:
                argument.kind = VARVE_ARGUMENT_INTEGER;
                argument.integer = arg->integer;
                break;
            case ExprKind::number:
                argument.kind = VARVE_ARGUMENT_FLOAT;
                argument.number = arg->number;
                break;
            case ExprKind::duration:
                argument.kind = VARVE_ARGUMENT_DURATION;
                argument.integer = arg->integer;
                break;
            case ExprKind::string:
                argument.kind = VARVE_ARGUMENT_STRING;
                argument.text = arg->text;
                break;
            case ExprKind::boolean:
                argument.kind = VARVE_ARGUMENT_BOOLEAN;
                argument.integer = arg->boolean ? 1 : 0;
                break;
            default:
                argument.kind = VARVE_ARGUMENT_OTHER;
                break;
        }
        out.push_back(std::move(argument));
    }
    return out;
}

plan::TimeRange CheckedSelect::range_within(const plan::TimeRange &outer) const {
    plan::TimeRange out;
    out.min_ns = std::max(own_range.min_ns, outer.min_ns);
    out.max_ns = std::min(own_range.max_ns, outer.max_ns);
    // Buckets of the future would all be empty: without an upper bound they end now.
    if (window.interval_ns > 0 && !out.has_max()) out.max_ns = now_ns;
    return out;
}

Result<CheckedSelect> check_select(const SelectStatement &select, const FunctionTable &functions,
                                   int64_t now_ns, const OuterSelect *outer) {
    return Checker(select, functions, now_ns, outer).run();
}

}  // namespace varve::query::influxql
