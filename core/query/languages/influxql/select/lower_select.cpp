#include "query/languages/influxql/select/lower_select.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <utility>

#include "query/languages/influxql/select/look_back.hpp"
#include "query/languages/influxql/select/lower_condition.hpp"
#include "query/languages/influxql/select/select_frame.hpp"

namespace varve::query::influxql {

namespace {

uint32_t position_of(const plan::Input &input, plan::Select &out) {
    for (size_t i = 0; i < out.inputs.size(); ++i) {
        const plan::Input &known = out.inputs[i];
        if (known.name == input.name && known.is_tag == input.is_tag && known.type == input.type) {
            return static_cast<uint32_t>(i);
        }
    }
    out.inputs.push_back(input);
    return static_cast<uint32_t>(out.inputs.size() - 1);
}

uint32_t input_of(const Names &names, const Expr &reference, plan::Select &out) {
    return position_of(names.resolve(reference.text, reference.cast), out);
}

uint32_t argument_of(const Names &names, const Expr &reference, plan::Select &out) {
    return position_of(names.resolve_argument(reference.text, reference.cast), out);
}

// InfluxDB ranks the points of tags' values by another function.
std::string ranked_name(const std::string &function) {
    return function == "top" ? "max" : "min";
}

Status unsupported_type(const std::string &function, plan::Type type) {
    return {Code::invalid_argument, "unsupported " + function + " iterator type: *query." +
                                        std::string(type_name(type)) + "InterruptIterator"};
}

// How InfluxDB names a function of streams there: in words, and without what it adds to another.
std::string words_of(std::string_view name) {
    constexpr std::string_view kVariant = "non_negative_";
    std::string out(name.starts_with(kVariant) ? name.substr(kVariant.size()) : name);
    std::replace(out.begin(), out.end(), '_', ' ');
    return out;
}

bool contains(const std::vector<std::string> &list, const std::string &text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// What texts of errors say that the call gives.
plan::Type type_of_unsupported(const varve_function &function, plan::Type argument) {
    const uint32_t of_integers = function.result_type(VARVE_TYPE_INT64);
    return of_integers == VARVE_TYPE_FLOAT64 ? plan::Type::floating : argument;
}

// A call as an aggregate of the select; an error that the call does not take the field's type
// leaves it there all the same.
Status add_aggregate(const Names &names, const FunctionTable &functions, const Expr &call,
                     plan::Select &out) {
    plan::Aggregate aggregate;
    aggregate.function = functions.find(call.text);
    const ExprPtr counted = counted_distinct(call);
    const Expr &over = counted != nullptr ? *counted : call;
    if (counted != nullptr) {
        aggregate.counted_by = aggregate.function;
        aggregate.function = functions.find(over.text);
    }
    aggregate.input = argument_of(names, *over.args[0], out);
    aggregate.arguments = call_arguments(over);
    const bool ranks = (aggregate.function->flags & VARVE_FUNCTION_RANKS) != 0;
    for (size_t i = 1; ranks && i + 1 < call.args.size(); ++i) {
        aggregate.best_of_parts = true;
        const std::string &tag = call.args[i]->text;
        if (!contains(out.group_tags, tag) && !contains(out.part_tags, tag)) {
            out.part_tags.push_back(tag);
        }
    }
    const plan::Input &input = out.inputs[aggregate.input];
    Status status;
    // A cast of a subquery's column is believed here, too.
    const plan::Type asked = type_of_cast(over.args[0]->cast);
    const bool believed = input.type == plan::Type::none || !plan::is_numeric(asked);
    if (names.of_subqueries && !input.is_tag && asked != plan::Type::none && believed &&
        aggregate.function->result_type(static_cast<uint32_t>(asked)) == 0) {
        status = unsupported_type(call.text, asked);
    }
    if (!input.is_tag && input.type != plan::Type::none) {
        const auto type = static_cast<uint32_t>(input.type);
        aggregate.type = static_cast<plan::Type>(aggregate.function->result_type(type));
        if (aggregate.type == plan::Type::none) {
            status = unsupported_type(aggregate.best_of_parts ? ranked_name(call.text) : call.text,
                                      input.type);
            aggregate.type = type_of_unsupported(*aggregate.function, input.type);
            // The best booleans of the tags are found, and then not ranked.
            if (aggregate.best_of_parts && input.type == plan::Type::boolean) {
                status = {Code::invalid_argument,
                          "unsupported " + call.text +
                              " iterator type: *query.booleanReduceBooleanIterator"};
            }
        }
        if (counted != nullptr) aggregate.type = plan::Type::integer;
    }
    out.aggregates.push_back(std::move(aggregate));
    return status;
}

plan::Output only_output() {
    plan::Output out;
    out.name = "value";
    out.value.op = plan::Op::input;
    return out;
}

// A cast of a subquery's column is believed where types are compared, though it changes no value.
plan::Type asked_type(const Names &names, const Expr &raw, plan::Type type) {
    const Expr &expr = without_parens(raw);
    if (!names.of_subqueries || expr.kind != ExprKind::reference) return type;
    const plan::Type asked = type_of_cast(expr.cast);
    return asked == plan::Type::none ? type : asked;
}

// The type of what the stream's functions give for values of a type; the error of the first that
// does not take what it is given.
Status set_stream_type(plan::Stream &stream, plan::Type type) {
    stream.type = type;
    for (const plan::StreamCall &call : stream.calls) {
        if (stream.type == plan::Type::none) return {};
        const auto result = call.function->result_type(static_cast<uint32_t>(stream.type));
        if (result == 0) {
            const plan::Type given = stream.type;
            stream.type = type_of_unsupported(*call.function, given);
            return unsupported_type(words_of(call.function->name), given);
        }
        stream.type = static_cast<plan::Type>(result);
    }
    return {};
}

// As InfluxDB has it, every function of a chain that looks back adds one bucket. `unsupported` is
// set if a function does not take what it is computed over.
Result<plan::Stream> lower_stream(SelectFrame &frame, const Names &names, const Expr &outermost,
                                  Status &unsupported) {
    const FunctionTable &functions = frame.functions();
    plan::Stream out;
    uint32_t look_back = 0;
    ExprPtr at = std::make_shared<const Expr>(outermost);
    const varve_function *function = nullptr;
    while (at->kind == ExprKind::call) {
        function = functions.find(at->text);
        if (function->kind != VARVE_FUNCTION_STREAM) break;
        out.calls.insert(out.calls.begin(), {function, call_arguments(*at)});
        if (look_back_of(functions, *at) != 0) ++look_back;
        at = plain_distinct(at->args[0]);
    }
    auto input = std::make_shared<plan::Select>();
    input->group_tags = frame.group_tags();
    if (at->kind == ExprKind::call) {
        if (function->kind == VARVE_FUNCTION_SCALAR) {
            return Status(Code::invalid_argument, "unsupported call: " + at->text);
        }
        unsupported = add_aggregate(names, functions, *at, *input);
        const Status computed = set_stream_type(out, input->aggregates[0].type);
        if (unsupported.ok()) unsupported = computed;
    } else {
        const plan::Input &read = input->inputs[argument_of(names, *at, *input)];
        const plan::Type type = read.is_tag ? plan::Type::none : read.type;
        const plan::Type asked = asked_type(names, *at, type);
        if (!plan::is_numeric(asked)) unsupported = set_stream_type(out, asked);
        const Status computed = set_stream_type(out, type);
        if (unsupported.ok()) unsupported = computed;
    }
    input->outputs.push_back(only_output());
    input->feeds_stream = !out.calls.empty();
    // What is computed over fields sees no buckets; integral makes some.
    const bool of_buckets = !input->aggregates.empty() ||
                            (out.calls.front().function->flags & VARVE_FUNCTION_NEEDS_FIELD) != 0;
    VARVE_RETURN_IF_ERROR(frame.set_source(*input, of_buckets ? look_back : 0));
    frame.set_series_limits(*input);
    out.input = std::move(input);
    return out;
}

// Expressions of the field list, typed on the way.
class FieldLowering {
  public:
    FieldLowering(SelectFrame &frame, const Names &names, plan::Select &out)
        : frame_(frame), names_(names), functions_(frame.functions()), out_(out) {}

    // Calls of functions over columns: aggregates of the select, or its streams.
    Status collect_calls(const PreparedSelect &prepared);
    Result<plan::Scalar> lower(const Expr &expr, plan::Type &type);
    // A call over a field of a type that it does not take.
    const Status &unsupported() const { return unsupported_; }
    // Comparisons, joined by AND and OR.
    Result<plan::Scalar> lower_condition(const Expr &expr);
    // The type that InfluxDB takes a lowered expression for: where integers are divided it is
    // theirs.
    plan::Type told_type(const Expr &raw, plan::Type type) const {
        const auto found = told_.find(&without_parens(raw));
        return found == told_.end() ? type : found->second;
    }

  private:
    void find_calls(const ExprPtr &expr);
    bool needs_streams() const;
    bool is_scalar(const Expr &call) const {
        return functions_.find(call.text)->kind == VARVE_FUNCTION_SCALAR;
    }
    // What a call over a field cast to another type would give.
    plan::Type type_of_asked(const Expr &call) const;
    Result<plan::Scalar> lower_scalar_call(const Expr &expr, plan::Type &type);
    Result<plan::Scalar> lower_binary(const Expr &expr, plan::Type &type);
    Result<plan::Type> binary_type(const Expr &expr, plan::Type left, plan::Type right) const;
    std::string typed_text(const Expr &expr) const;
    std::string_view operand_type(const Expr &raw, plan::Type type) const;

    SelectFrame &frame_;
    const Names &names_;
    const FunctionTable &functions_;
    plan::Select &out_;
    std::vector<ExprPtr> calls_;           // different ones
    std::vector<std::string> call_texts_;  // of calls_
    std::map<const Expr *, plan::Type> told_;
    Status unsupported_;
};

void FieldLowering::find_calls(const ExprPtr &expr) {
    if (expr->kind != ExprKind::call || is_scalar(*expr)) {
        for (const ExprPtr &arg : expr->args) find_calls(arg);
        return;
    }
    std::string text = to_string(*expr);
    if (std::find(call_texts_.begin(), call_texts_.end(), text) != call_texts_.end()) return;
    calls_.push_back(expr);
    call_texts_.push_back(std::move(text));
}

bool FieldLowering::needs_streams() const {
    return std::any_of(calls_.begin(), calls_.end(), [this](const ExprPtr &call) {
        const uint32_t kind = functions_.find(call->text)->kind;
        return kind == VARVE_FUNCTION_STREAM || (kind == VARVE_FUNCTION_MULTI && calls_.size() > 1);
    });
}

Status FieldLowering::collect_calls(const PreparedSelect &prepared) {
    for (const Field &field : prepared.fields) find_calls(field.expr);
    if (prepared.having != nullptr) find_calls(prepared.having);
    if (!needs_streams()) {
        for (const ExprPtr &call : calls_) {
            const Status added = add_aggregate(names_, functions_, *call, out_);
            if (unsupported_.ok()) unsupported_ = added;
        }
        return {};
    }
    for (const ExprPtr &call : calls_) {
        Status unsupported;
        Result<plan::Stream> stream = lower_stream(frame_, names_, *call, unsupported);
        if (!stream.ok()) return stream.status();
        if (unsupported_.ok()) unsupported_ = std::move(unsupported);
        const bool cuts_rows = calls_.size() > 1 && !prepared.select->order && !prepared.having;
        if (cuts_rows) frame_.set_row_limits(*stream);
        out_.streams.push_back(std::move(*stream));
    }
    return {};
}

Result<plan::Scalar> FieldLowering::lower(const Expr &raw, plan::Type &type) {
    const Expr &expr = without_parens(raw);
    plan::Scalar out;
    switch (expr.kind) {
        case ExprKind::reference: {
            out.op = plan::Op::input;
            const uint32_t input = input_of(names_, expr, out_);
            type = out_.inputs[input].type;
            if (type == plan::Type::none) type = type_of_cast(expr.cast);
            out.input = static_cast<uint32_t>(out_.aggregates.size()) + input;
            if (!out_.aggregates.empty()) out_.needs_point = true;
            return out;
        }
        case ExprKind::call: {
            if (is_scalar(expr)) return lower_scalar_call(expr, type);
            out.op = plan::Op::input;
            const auto found = std::find(call_texts_.begin(), call_texts_.end(), to_string(expr));
            out.input = static_cast<uint32_t>(found - call_texts_.begin());
            if (expr.integer != 0) {
                const auto column = static_cast<uint32_t>(expr.integer - 1);
                const varve_function &function = *functions_.find(expr.text);
                type = static_cast<plan::Type>(extra_columns(function)[column].type);
                out.input = static_cast<uint32_t>(out_.aggregates.size()) + column;
                return out;
            }
            type = out_.streams.empty() ? out_.aggregates[out.input].type
                                        : out_.streams[out.input].type;
            if (type == plan::Type::none) type = type_of_asked(expr);
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

plan::Type FieldLowering::type_of_asked(const Expr &call) const {
    if (call.args.empty() || call.args[0]->kind != ExprKind::reference) return plan::Type::none;
    const plan::Type asked = type_of_cast(call.args[0]->cast);
    if (asked == plan::Type::none) return asked;
    const varve_function &function = *functions_.find(call.text);
    const uint32_t result = function.result_type(static_cast<uint32_t>(asked));
    return result != 0 ? static_cast<plan::Type>(result) : type_of_unsupported(function, asked);
}

Result<plan::Scalar> FieldLowering::lower_scalar_call(const Expr &expr, plan::Type &type) {
    plan::Scalar out;
    out.op = plan::Op::call;
    out.function = functions_.find(expr.text);
    std::vector<uint32_t> types;
    for (const ExprPtr &arg : expr.args) {
        plan::Type arg_type = plan::Type::none;
        Result<plan::Scalar> lowered = lower(*arg, arg_type);
        if (!lowered.ok()) return lowered;
        out.args.push_back(std::move(*lowered));
        types.push_back(static_cast<uint32_t>(arg_type));
    }
    varve_error error = abi_error();
    uint32_t result = 0;
    const int32_t code = out.function->check_types(
        types.data(), static_cast<uint32_t>(types.size()), &result, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    type = static_cast<plan::Type>(result);
    return out;
}

std::string FieldLowering::typed_text(const Expr &expr) const {
    if (expr.kind == ExprKind::binary) {
        return typed_text(expr.lhs()) + " " + std::string(token_text(expr.op)) + " " +
               typed_text(expr.rhs());
    }
    if (expr.kind == ExprKind::paren) return "(" + typed_text(*expr.args[0]) + ")";
    if (expr.kind == ExprKind::call) {
        std::string args;
        for (const ExprPtr &arg : expr.args) args += (args.empty() ? "" : ", ") + typed_text(*arg);
        return expr.text + "(" + args + ")";
    }
    if (expr.kind != ExprKind::reference) return to_string(expr);
    plan::Input input = names_.resolve(expr.text, expr.cast);
    if (input.type == plan::Type::none) input.type = type_of_cast(expr.cast);
    input.type = asked_type(names_, expr, input.type);
    std::string text = quote_identifier(expr.text);
    if (input.type == plan::Type::none) return text;
    return text + "::" + std::string(operand_type(expr, input.type));
}

std::string_view FieldLowering::operand_type(const Expr &raw, plan::Type type) const {
    const Expr &expr = without_parens(raw);
    // What gives strings of a tag is taken for a tag.
    if (expr.kind == ExprKind::call && type == plan::Type::string && !expr.args.empty()) {
        return operand_type(*expr.args[0], type);
    }
    const bool is_cast = expr.cast != DataType::tag && type_of_cast(expr.cast) != plan::Type::none;
    const bool is_tag = expr.kind == ExprKind::reference && !is_cast &&
                        (expr.cast == DataType::tag || names_.tag_fields.contains(expr.text) ||
                         names_.resolve(expr.text, expr.cast).is_tag);
    return is_tag ? "tag" : type_name(type);
}

Result<plan::Type> FieldLowering::binary_type(const Expr &expr, plan::Type left,
                                              plan::Type right) const {
    using plan::Type;
    if (left == Type::none) return right;
    if (right == Type::none) return left;
    const bool bitwise = expr.op == Token::bitwise_and || expr.op == Token::bitwise_or ||
                         expr.op == Token::bitwise_xor;
    // As InfluxDB has it, whatever stands behind a boolean.
    if (bitwise && left == Type::boolean) return Type::boolean;
    const bool mixed = (left == Type::integer && right == Type::unsigned_integer) ||
                       (left == Type::unsigned_integer && right == Type::integer);
    const Expr &integer = left == Type::integer ? expr.lhs() : expr.rhs();
    if (mixed && integer.kind != ExprKind::integer) {
        return Status(Code::invalid_argument,
                      "type error: " + typed_text(expr) + ": cannot use " +
                          std::string(token_text(expr.op)) +
                          " between an integer and unsigned, an explicit cast is required");
    }
    const bool numbers = plan::is_numeric(left) && plan::is_numeric(right);
    const bool floats = left == Type::floating || right == Type::floating;
    if (!numbers || (bitwise && floats)) {
        return Status(Code::invalid_argument,
                      "type error: " + typed_text(expr) +
                          ": incompatible types: " + std::string(operand_type(expr.lhs(), left)) +
                          " and " + std::string(operand_type(expr.rhs(), right)));
    }
    if (floats) return Type::floating;
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
    left = asked_type(names_, expr.lhs(), left);
    right = asked_type(names_, expr.rhs(), right);
    const Result<plan::Type> told =
        binary_type(expr, told_type(expr.lhs(), left), told_type(expr.rhs(), right));
    if (!told.ok()) return told.status();
    type = *told;
    const bool of_floats = left == plan::Type::floating || right == plan::Type::floating;
    if (plan::is_numeric(*told) && *told != plan::Type::floating &&
        (of_floats || (expr.op == Token::div && left == right))) {
        told_.emplace(&expr, *told);
        type = plan::Type::floating;
    }
    out.args.push_back(std::move(*lhs));
    out.args.push_back(std::move(*rhs));
    return out;
}

Result<plan::Scalar> FieldLowering::lower_condition(const Expr &raw) {
    const Expr &expr = without_parens(raw);
    plan::Type type = plan::Type::none;
    if (expr.kind != ExprKind::binary || operator_precedence(expr.op) > 3) return lower(expr, type);
    plan::Scalar out;
    out.op = scalar_op(expr.op);
    out.in_condition = true;
    for (const ExprPtr &arg : expr.args) {
        if (arg->kind == ExprKind::regex) {
            out.regex = std::make_shared<const re2::RE2>(arg->text, re2::RE2::Quiet);
            continue;
        }
        Result<plan::Scalar> lowered = lower_condition(*arg);
        if (!lowered.ok()) return lowered;
        out.args.push_back(std::move(*lowered));
    }
    return out;
}

// ORDER BY a column sorts before LIMIT and SLIMIT cut.
Status set_order(const PreparedSelect &prepared, plan::Select &out) {
    const SelectStatement &select = *prepared.select;
    const auto found =
        std::find(prepared.columns.begin(), prepared.columns.end(), select.order->name);
    if (found == prepared.columns.end()) {
        return {Code::invalid_argument,
                "ORDER BY: the select has no column " + quote_identifier(select.order->name)};
    }
    plan::Order order;
    order.output = static_cast<uint32_t>(found - prepared.columns.begin());
    order.ascending = select.order->ascending;
    order.limit = static_cast<uint64_t>(select.limit);
    order.offset = static_cast<uint64_t>(select.offset);
    order.series_limit = static_cast<uint64_t>(select.slimit);
    order.series_offset = static_cast<uint64_t>(select.soffset);
    out.order = order;
    return {};
}

plan::Select start_select(const SelectFrame &frame) {
    plan::Select out;
    out.group_tags = frame.group_tags();
    return out;
}

// `unsupported` is set if a call is over a field of a type that it does not take.
Status lower_fields(const PreparedSelect &prepared, SelectFrame &frame, plan::Select &out,
                    Status &unsupported) {
    FieldLowering lowering(frame, prepared.names, out);
    VARVE_RETURN_IF_ERROR(lowering.collect_calls(prepared));
    for (size_t i = 0; i < prepared.fields.size(); ++i) {
        plan::Type type = plan::Type::none;
        Result<plan::Scalar> value = lowering.lower(*prepared.fields[i].expr, type);
        if (!value.ok() && !prepared.checked.is_inner) return value.status();
        if (!value.ok()) {
            // Of a subquery a column of wrong types has no values.
            type = plan::Type::none;
            value = plan::Scalar();
        }
        // Rows of a subquery have the type that it is taken for.
        if (prepared.checked.is_inner) type = lowering.told_type(*prepared.fields[i].expr, type);
        out.outputs.push_back({prepared.columns[i], std::move(*value), type});
    }
    unsupported = lowering.unsupported();
    if (prepared.having == nullptr) return {};
    Result<plan::Scalar> having = lowering.lower_condition(*prepared.having);
    if (having.ok()) out.having = std::move(*having);
    return having.status();
}

}  // namespace

Result<std::vector<plan::Output>> lower_outputs(const PreparedSelect &prepared,
                                                const FunctionTable &functions) {
    SelectFrame frame(prepared, {}, functions, prepared.checked.range);
    plan::Select out = start_select(frame);
    Status unsupported;
    VARVE_RETURN_IF_ERROR(lower_fields(prepared, frame, out, unsupported));
    return std::move(out.outputs);
}

Result<plan::Select> lower_select(const PreparedSelect &prepared, const FunctionTable &functions,
                                  const std::vector<std::string> &extra_tags,
                                  const plan::TimeRange *outer) {
    const CheckedSelect &checked = prepared.checked;
    SelectFrame frame(prepared, extra_tags, functions,
                      outer == nullptr ? checked.range : checked.range_within(*outer));
    // Wrong types of operands are told before wrong types of arguments, those of subqueries too.
    if (outer == nullptr) {
        const auto outputs = lower_outputs(prepared, functions);
        if (!outputs.ok()) return outputs.status();
    }
    VARVE_RETURN_IF_ERROR(frame.add_sources());
    plan::Select out = start_select(frame);
    Status unsupported;
    VARVE_RETURN_IF_ERROR(lower_fields(prepared, frame, out, unsupported));
    VARVE_RETURN_IF_ERROR(unsupported);
    VARVE_RETURN_IF_ERROR(frame.set_source(out, 0));
    if (prepared.select->order) {
        VARVE_RETURN_IF_ERROR(set_order(prepared, out));
    } else {
        if (out.streams.size() < 2 || out.having) frame.set_row_limits(out);
        const bool buckets_differ =
            out.window.interval_ns > 0 && out.fill.kind == plan::FillKind::none;
        if (out.aggregates.size() > 1 && buckets_differ && !out.having) {
            // As InfluxDB has it, LIMIT is of every call.
            out.call_limit = std::exchange(out.limit, 0);
            out.call_offset = std::exchange(out.offset, 0);
        }
        if (out.streams.empty()) frame.set_series_limits(out);
    }
    out.selector_time = out.aggregates.size() == 1 && out.window.interval_ns == 0 &&
                        out.aggregates[0].function->kind == VARVE_FUNCTION_SELECTOR;
    return out;
}

}  // namespace varve::query::influxql
