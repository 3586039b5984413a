#include "query/languages/influxql/lower_select.hpp"

#include <algorithm>

#include "query/languages/influxql/expand.hpp"
#include "query/languages/influxql/lower_condition.hpp"

namespace varve::query::influxql {

namespace {

std::string_view type_name(plan::Type type) {
    switch (type) {
        case plan::Type::floating:
            return "float";
        case plan::Type::integer:
            return "integer";
        case plan::Type::unsigned_integer:
            return "unsigned";
        case plan::Type::string:
            return "string";
        case plan::Type::boolean:
            return "boolean";
        case plan::Type::none:
            break;
    }
    return "unknown";
}

// Expressions of the field list, typed on the way.
class FieldLowering {
  public:
    FieldLowering(const Names &names, const FunctionTable &functions, plan::Select &out)
        : names_(names), functions_(functions), out_(out) {}

    Status collect_calls(const Expr &expr);
    Result<plan::Scalar> lower(const Expr &expr, plan::Type &type);

  private:
    uint32_t input_of(const Expr &reference);
    Status add_aggregate(const Expr &call);
    Result<plan::Scalar> lower_binary(const Expr &expr, plan::Type &type);
    Result<plan::Type> binary_type(const Expr &expr, plan::Type left, plan::Type right) const;
    std::string typed_text(const Expr &expr) const;

    const Names &names_;
    const FunctionTable &functions_;
    plan::Select &out_;
    std::vector<std::string> calls_;  // by aggregate: the call's text
};

uint32_t FieldLowering::input_of(const Expr &reference) {
    const plan::Input input = names_.resolve(reference.text, reference.cast);
    for (size_t i = 0; i < out_.inputs.size(); ++i) {
        const plan::Input &known = out_.inputs[i];
        if (known.name == input.name && known.is_tag == input.is_tag && known.type == input.type) {
            return static_cast<uint32_t>(i);
        }
    }
    out_.inputs.push_back(input);
    return static_cast<uint32_t>(out_.inputs.size() - 1);
}

Status FieldLowering::add_aggregate(const Expr &call) {
    const std::string text = to_string(call);
    if (std::find(calls_.begin(), calls_.end(), text) != calls_.end()) return {};
    plan::Aggregate aggregate;
    aggregate.function = functions_.find(call.text);
    aggregate.input = input_of(*call.args[0]);
    aggregate.arguments = call_arguments(call);
    const plan::Input &input = out_.inputs[aggregate.input];
    if (!input.is_tag && input.type != plan::Type::none) {
        const auto type = static_cast<uint32_t>(input.type);
        aggregate.type = static_cast<plan::Type>(aggregate.function->result_type(type));
        if (aggregate.type == plan::Type::none) {
            return {Code::invalid_argument, "unsupported " + call.text + " iterator type: *query." +
                                                std::string(type_name(input.type)) +
                                                "InterruptIterator"};
        }
    }
    calls_.push_back(text);
    out_.aggregates.push_back(std::move(aggregate));
    return {};
}

Status FieldLowering::collect_calls(const Expr &expr) {
    if (expr.kind == ExprKind::call) return add_aggregate(expr);
    for (const ExprPtr &arg : expr.args) VARVE_RETURN_IF_ERROR(collect_calls(*arg));
    return {};
}

Result<plan::Scalar> FieldLowering::lower(const Expr &raw, plan::Type &type) {
    const Expr &expr = without_parens(raw);
    plan::Scalar out;
    switch (expr.kind) {
        case ExprKind::reference: {
            out.op = plan::Op::input;
            const uint32_t input = input_of(expr);
            type = out_.inputs[input].type;
            out.input = static_cast<uint32_t>(out_.aggregates.size()) + input;
            if (!out_.aggregates.empty()) out_.needs_point = true;
            return out;
        }
        case ExprKind::call: {
            out.op = plan::Op::input;
            const auto found = std::find(calls_.begin(), calls_.end(), to_string(expr));
            out.input = static_cast<uint32_t>(found - calls_.begin());
            type = out_.aggregates[out.input].type;
            return out;
        }
        case ExprKind::binary:
            return lower_binary(expr, type);
        default:
            out = literal_scalar(expr);
            type = out.type;
            return out;
    }
}

std::string FieldLowering::typed_text(const Expr &expr) const {
    if (expr.kind == ExprKind::binary) {
        return typed_text(expr.lhs()) + " " + std::string(token_text(expr.op)) + " " +
               typed_text(expr.rhs());
    }
    if (expr.kind == ExprKind::paren) return "(" + typed_text(*expr.args[0]) + ")";
    if (expr.kind != ExprKind::reference) return to_string(expr);
    const plan::Input input = names_.resolve(expr.text, expr.cast);
    std::string text = quote_identifier(expr.text);
    if (input.type == plan::Type::none) return text;
    return text + "::" + (input.is_tag ? "tag" : std::string(type_name(input.type)));
}

Result<plan::Type> FieldLowering::binary_type(const Expr &expr, plan::Type left,
                                              plan::Type right) const {
    using plan::Type;
    if (left == Type::none) return right;
    if (right == Type::none) return left;
    const bool mixed = (left == Type::integer && right == Type::unsigned_integer) ||
                       (left == Type::unsigned_integer && right == Type::integer);
    const Expr &integer = left == Type::integer ? expr.lhs() : expr.rhs();
    if (mixed && integer.kind != ExprKind::integer) {
        return Status(Code::invalid_argument,
                      "type error: " + typed_text(expr) + ": cannot use " +
                          std::string(token_text(expr.op)) +
                          " between an integer and unsigned, an explicit cast is required");
    }
    const bool bitwise = expr.op == Token::bitwise_and || expr.op == Token::bitwise_or ||
                         expr.op == Token::bitwise_xor;
    const bool numbers = plan::is_numeric(left) && plan::is_numeric(right);
    const bool floats = left == Type::floating || right == Type::floating;
    if (bitwise && left == Type::boolean && right == Type::boolean) return Type::boolean;
    if (!numbers || (bitwise && floats)) {
        return Status(Code::invalid_argument,
                      "type error: " + typed_text(expr) + ": incompatible types: " +
                          std::string(type_name(left)) + " and " + std::string(type_name(right)));
    }
    if (floats || expr.op == Token::div) return Type::floating;
    return mixed ? Type::unsigned_integer : left;
}

Result<plan::Scalar> FieldLowering::lower_binary(const Expr &expr, plan::Type &type) {
    plan::Scalar out;
    out.op = scalar_op(expr.op);
    plan::Type left = plan::Type::none;
    plan::Type right = plan::Type::none;
    Result<plan::Scalar> lhs = lower(expr.lhs(), left);
    if (!lhs.ok()) return lhs;
    Result<plan::Scalar> rhs = lower(expr.rhs(), right);
    if (!rhs.ok()) return rhs;
    const Result<plan::Type> result = binary_type(expr, left, right);
    if (!result.ok()) return result.status();
    type = *result;
    out.args.push_back(std::move(*lhs));
    out.args.push_back(std::move(*rhs));
    return out;
}

plan::Fill plan_fill(const Fill &fill) {
    return {static_cast<plan::FillKind>(fill.kind), fill.number, fill.integer, fill.is_integer};
}
static_assert(static_cast<int>(FillKind::number) == static_cast<int>(plan::FillKind::number));

// References of WHERE are resolved in their own measurement; what it does not know is a tag that no
// series has.
plan::Input resolve_in(const Names &names, const Expr &reference) {
    plan::Input input = names.resolve(reference.text, reference.cast);
    if (!input.is_tag && input.type == plan::Type::none && reference.cast == DataType::unknown) {
        input.is_tag = true;
        input.type = plan::Type::string;
    }
    return input;
}

// One measurement, in however many policies it is asked for.
void add_measurement(const std::vector<ResolvedSource> &sources, const CheckedSelect &checked,
                     plan::Select &out) {
    const Names names(sources);
    plan::Measurement measurement;
    measurement.name = sources.front().scan.measurement;
    for (const ResolvedSource &source : sources) measurement.sources.push_back(source.scan);
    if (checked.condition != nullptr) {
        LoweredCondition lowered = lower_condition(
            *checked.condition, [&](const Expr &reference) { return resolve_in(names, reference); },
            static_cast<uint32_t>(out.inputs.size()));
        measurement.series = std::move(lowered.series);
        measurement.filter_inputs = std::move(lowered.inputs);
        measurement.filter = std::move(lowered.filter);
        measurement.conditions = std::move(lowered.conditions);
    }
    if (measurement.series.op != VARVE_SERIES_NONE) {
        out.measurements.push_back(std::move(measurement));
    }
}

}  // namespace

Result<plan::Select> lower_select(const SelectStatement &select, const CheckedSelect &checked,
                                  const std::vector<ResolvedSource> &sources,
                                  const FunctionTable &functions) {
    const Names names(sources);
    plan::Select out;
    out.group_tags = expand_dimensions(checked.dimensions, names);
    const Result<std::vector<Field>> fields =
        expand_fields(checked, names, out.group_tags, functions);
    if (!fields.ok()) return fields.status();

    FieldLowering lowering(names, functions, out);
    for (const Field &field : *fields) {
        VARVE_RETURN_IF_ERROR(lowering.collect_calls(*field.expr));
    }
    const std::vector<std::string> columns = column_names(*fields);
    for (size_t i = 0; i < fields->size(); ++i) {
        plan::Type type = plan::Type::none;
        Result<plan::Scalar> value = lowering.lower(*(*fields)[i].expr, type);
        if (!value.ok()) return value.status();
        out.outputs.push_back({columns[i], std::move(*value)});
    }
    out.range = checked.range;
    out.window = checked.window;
    out.time_name = checked.time_name;
    out.fill = plan_fill(select.fill);
    out.ascending = select.ascending();
    out.limit = static_cast<uint64_t>(select.limit);
    out.offset = static_cast<uint64_t>(select.offset);
    out.series_limit = static_cast<uint64_t>(select.slimit);
    out.series_offset = static_cast<uint64_t>(select.soffset);
    out.selector_time = out.aggregates.size() == 1 && out.window.interval_ns == 0 &&
                        out.aggregates[0].function->kind == VARVE_FUNCTION_SELECTOR;
    std::map<std::string, std::vector<ResolvedSource>> by_name;
    for (const ResolvedSource &source : sources) {
        by_name[source.scan.measurement].push_back(source);
    }
    for (const auto &[name, same] : by_name) add_measurement(same, checked, out);
    return out;
}

}  // namespace varve::query::influxql
