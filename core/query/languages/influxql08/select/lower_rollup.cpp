#include <algorithm>

#include "query/exec/function_input.hpp"
#include "query/languages/influxql08/select/lower.hpp"
#include "query/languages/influxql08/select/plan_frame.hpp"
#include "query/languages/influxql08/select/window.hpp"

namespace varve::query::influxql08 {

namespace {

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

// A column that a function is computed over, while its position is not final: computed ones lie
// behind the inputs.
struct Place {
    bool is_computed = false;
    uint32_t position = 0;
    plan::Type type = plan::Type::none;
};

class RollupLowering {
  public:
    RollupLowering(const SelectStatement &select, const SplitCondition &where, Table table,
                   const FunctionTable &functions)
        : select_(select),
          where_(where),
          table_(std::move(table)),
          functions_(functions),
          inputs_(out_.inputs, 0) {
        out_.rollup.emplace();
    }

    Result<plan::Select> lower();

  private:
    Status add_function(const Value &call);
    Result<const varve_function *> find_function(const Value &call) const;
    Status check(const varve_function &function,
                 const std::vector<plan::Argument> &arguments) const;
    Result<Place> place_of(const Value &value);
    Status set_groups();
    Status set_fill();
    void set_positions();
    void set_outputs();

    const SelectStatement &select_;
    const SplitCondition &where_;
    Table table_;
    const FunctionTable &functions_;
    plan::Select out_;
    InputList inputs_;
    std::vector<Place> places_;                                  // by aggregate
    std::vector<std::vector<std::string>> names_;                // by aggregate: of its columns
    std::vector<std::pair<std::string, uint32_t>> group_names_;  // by group column: name, parts
};

plan::Argument argument_of(const Value &value, bool is_first) {
    plan::Argument out;
    out.text = value.text;
    if (value.kind == ValueKind::wildcard) {
        out.kind = VARVE_ARGUMENT_PATTERN;
    } else if (is_first) {
        out.kind = VARVE_ARGUMENT_FIELD;
    } else if (value.kind == ValueKind::integer || value.kind == ValueKind::floating) {
        const Result<Expression> number = number_constant(value);
        if (!number.ok()) return out;
        const bool is_integer = number->type == plan::Type::integer;
        out.kind = is_integer ? VARVE_ARGUMENT_INTEGER : VARVE_ARGUMENT_FLOAT;
        out.integer = number->scalar.integer;
        out.number = number->scalar.number;
    }
    return out;
}

Result<const varve_function *> RollupLowering::find_function(const Value &call) const {
    const varve_function *const function = functions_.find(kLanguage, lower_case(call.text));
    if (function == nullptr) return invalid("Unknown function " + call.text);
    return function;
}

Status RollupLowering::check(const varve_function &function,
                             const std::vector<plan::Argument> &arguments) const {
    varve_error error = abi_error();
    std::vector<varve_argument> bound;
    if (!arguments.empty()) bound = exec::bind_arguments(arguments, plan::Type::none);
    const int32_t code = function.check(bound.data(), static_cast<uint32_t>(bound.size()), &error);
    return Status::from_abi(code, error);
}

// Numbers where the column has any, because most functions are about them; else what it has.
Result<Place> RollupLowering::place_of(const Value &value) {
    if (value.kind != ValueKind::name) {
        Result<Expression> computed = lower_arithmetic(table_, value, inputs_);
        if (!computed.ok()) return computed.status();
        plan::Output output;
        output.value = std::move(computed->scalar);
        output.type = computed->type;
        out_.rollup->computed.push_back(std::move(output));
        return Place{true, static_cast<uint32_t>(out_.rollup->computed.size() - 1), computed->type};
    }
    if (is_origin(table_, value.text)) {
        return Place{false, inputs_.add(origin_input()), plan::Type::string};
    }
    const TableColumn *const column = table_.find(value.text);
    if (column == nullptr) return table_.unknown(value.text);
    // Values of other types make rows, too.
    for (const TableColumn::Part &part : column->parts) {
        if (column->parts.size() > 1) inputs_.add(column->input(part));
    }
    const plan::Input input =
        column->has_numbers() ? column->numbers() : column->input(column->parts.front());
    return Place{false, inputs_.add(input), input.type};
}

Status RollupLowering::add_function(const Value &call) {
    const Result<const varve_function *> found = find_function(call);
    if (!found.ok()) return found.status();
    plan::Aggregate aggregate;
    aggregate.function = *found;
    const Value *over = &call;
    for (const Value &arg : call.args) {
        aggregate.arguments.push_back(argument_of(arg, &arg == &call.args.front()));
    }
    VARVE_RETURN_IF_ERROR(check(*aggregate.function, aggregate.arguments));
    const bool counts = lower_case(call.text) == "count";
    if (counts && call.args[0].kind == ValueKind::call) {
        over = &call.args[0];
        const Result<const varve_function *> inner = find_function(*over);
        if (!inner.ok()) return inner.status();
        aggregate.counted_by = aggregate.function;
        aggregate.function = *inner;
        aggregate.arguments.clear();
        for (const Value &arg : over->args) {
            aggregate.arguments.push_back(argument_of(arg, &arg == &over->args.front()));
        }
        VARVE_RETURN_IF_ERROR(check(*aggregate.function, aggregate.arguments));
    }
    if (over->args[0].kind == ValueKind::call || over->args[0].kind == ValueKind::wildcard) {
        return invalid("Value cannot be evaluated: " + over->args[0].text);
    }
    const Result<Place> place = place_of(over->args[0]);
    if (!place.ok()) return place.status();
    aggregate.type = aggregate.counted_by != nullptr
                         ? plan::Type::integer
                         : static_cast<plan::Type>(
                               aggregate.function->result_type(static_cast<uint32_t>(place->type)));
    const std::string name = lower_case(call.text);
    const auto extra = aggregate.counted_by != nullptr ? std::span<const varve_function_column>()
                                                       : extra_columns(*aggregate.function);
    std::vector<std::string> names{call.alias.empty() ? name : call.alias};
    if (!extra.empty()) {
        const std::string prefix = call.alias.empty() ? "" : call.alias + "_";
        names[0] = prefix + "bucket_start";
        for (const varve_function_column &column : extra) names.push_back(prefix + column.name);
    }
    names_.push_back(std::move(names));
    places_.push_back(*place);
    out_.aggregates.push_back(std::move(aggregate));
    return {};
}

Status RollupLowering::set_groups() {
    // Rows of a group order by null, boolean, integer, float, text: by what comes last first.
    constexpr plan::Type order[] = {plan::Type::string, plan::Type::floating,
                                    plan::Type::unsigned_integer, plan::Type::integer,
                                    plan::Type::boolean};
    const Result<plan::Window> window = window_of(select_);
    if (!window.ok()) return window.status();
    out_.window = *window;
    for (const Value &value : select_.group_by) {
        if (is_time(value)) continue;
        if (value.kind != ValueKind::name) {
            return invalid("Invalid use of " + value.text + " in group by");
        }
        if (is_origin(table_, value.text)) {
            out_.rollup->group_by.push_back(inputs_.add(origin_input()));
            group_names_.emplace_back(value.text, 1);
            continue;
        }
        const auto [shown, column] = table_.find_shown(value.text);
        if (column == nullptr) return table_.unknown(value.text);
        uint32_t parts = 0;
        for (const plan::Type type : order) {
            const TableColumn::Part *const part = column->part(type);
            if (part == nullptr) continue;
            out_.rollup->group_by.push_back(inputs_.add(column->input(*part)));
            ++parts;
        }
        group_names_.emplace_back(shown, parts);
    }
    return {};
}

Status RollupLowering::set_fill() {
    if (!select_.fill) return {};
    out_.rollup->fills = true;
    const Value &fill = *select_.fill;
    if (fill.kind == ValueKind::integer) {
        const Result<Expression> number = number_constant(fill);
        if (!number.ok()) return number.status();
        out_.fill.kind = plan::FillKind::number;
        out_.fill.integer = number->scalar.integer;
        out_.fill.number = static_cast<double>(number->scalar.integer);
        out_.fill.is_integer = true;
        return {};
    }
    if (fill.kind == ValueKind::name && fill.text == "null") return {};
    return invalid("Unsupported fill value " + fill.text);
}

void RollupLowering::set_positions() {
    const auto first_computed = static_cast<uint32_t>(out_.inputs.size());
    for (size_t i = 0; i < places_.size(); ++i) {
        out_.aggregates[i].input =
            places_[i].position + (places_[i].is_computed ? first_computed : 0);
    }
}

void RollupLowering::set_outputs() {
    uint32_t position = 0;
    const auto add = [&](const std::string &name, plan::Type type) {
        plan::Output output;
        output.name = name;
        output.value.op = plan::Op::input;
        output.value.input = position++;
        output.type = type;
        out_.outputs.push_back(std::move(output));
    };
    for (size_t i = 0; i < names_.size(); ++i) {
        const plan::Aggregate &aggregate = out_.aggregates[i];
        add(names_[i][0], aggregate.type);
        for (size_t k = 1; k < names_[i].size(); ++k) {
            const auto type = extra_columns(*aggregate.function)[k - 1].type;
            add(names_[i][k], static_cast<plan::Type>(type));
        }
    }
    size_t group = 0;
    for (const auto &[name, parts] : group_names_) {
        for (uint32_t i = 0; i < parts; ++i) {
            const plan::Input &input = out_.inputs[out_.rollup->group_by[group++]];
            add(i == 0 ? name : std::string(), input.type);
        }
    }
}

Result<plan::Select> RollupLowering::lower() {
    for (const Value &value : select_.columns) {
        if (value.kind == ValueKind::call) VARVE_RETURN_IF_ERROR(add_function(value));
    }
    VARVE_RETURN_IF_ERROR(set_groups());
    VARVE_RETURN_IF_ERROR(set_fill());
    VARVE_RETURN_IF_ERROR(add_counting_columns(table_, select_, where_, inputs_));
    set_positions();
    set_outputs();
    VARVE_RETURN_IF_ERROR(set_sources(select_, where_, std::move(table_), out_));
    return std::move(out_);
}

}  // namespace

bool has_functions(const SelectStatement &select) {
    return std::any_of(select.columns.begin(), select.columns.end(),
                       [](const Value &value) { return value.kind == ValueKind::call; });
}

Result<plan::Select> lower_rollup(const SelectStatement &select, const SplitCondition &where,
                                  Table table, const FunctionTable &functions) {
    return RollupLowering(select, where, std::move(table), functions).lower();
}

}  // namespace varve::query::influxql08
