#include "query/languages/influxql08/select/expression.hpp"

#include <algorithm>
#include <charconv>

namespace varve::query::influxql08 {

namespace {

using plan::Op;
using plan::Scalar;
using plan::Type;

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

Scalar strict(Op op) {
    Scalar out;
    out.op = op;
    out.in_condition = true;
    out.strict = true;
    return out;
}

Scalar binary(Op op, Scalar left, Scalar right) {
    Scalar out = strict(op);
    out.args.push_back(std::move(left));
    out.args.push_back(std::move(right));
    return out;
}

Scalar truth(bool value) {
    Scalar out;
    out.type = Type::boolean;
    out.boolean = value;
    return out;
}

Scalar reference(uint32_t input) {
    Scalar out;
    out.op = Op::input;
    out.input = input;
    return out;
}

Op arithmetic_op(const std::string &text) {
    switch (text[0]) {
        case '+':
            return Op::add;
        case '-':
            return Op::subtract;
        case '*':
            return Op::multiply;
        default:
            return Op::divide;
    }
}

Op comparison_op(const std::string &text) {
    if (text == "=") return Op::equal;
    if (text == "<>") return Op::not_equal;
    if (text == "<") return Op::less;
    if (text == "<=") return Op::less_equal;
    return text == ">" ? Op::greater : Op::greater_equal;
}

bool is_arithmetic(const Value &value) {
    return value.kind == ValueKind::binary &&
           std::string_view("+-*/").find(value.text[0]) != std::string_view::npos;
}

// What sequence_number is among the columns, where somebody names it.
const TableColumn &sequence_column() {
    static const TableColumn column{{{kSequenceNumber, Type::integer}}, false};
    return column;
}

Result<const TableColumn *> column_of(const Table &table, const std::string &name) {
    if (name == kSequenceNumber && table.has_sequence_number) return &sequence_column();
    const TableColumn *const column = table.find(name);
    if (column != nullptr) return column;
    return table.unknown(name);
}

// A side of a comparison, in all the types that it may have.
struct Side {
    std::vector<Expression> forms;  // of different types: numbers, text, boolean
    const Expression *form(bool numeric, Type type) const {
        for (const Expression &form : forms) {
            if (numeric ? plan::is_numeric(form.type) : form.type == type) return &form;
        }
        return nullptr;
    }
};

class ConditionLowering {
  public:
    ConditionLowering(const Table &table, InputList &inputs) : table_(table), inputs_(inputs) {}

    Result<Scalar> lower(const Condition &condition);

  private:
    Result<Scalar> lower_comparison(const Value &value);
    Result<Scalar> lower_match(const Value &value);
    Result<Scalar> lower_membership(const Value &value);
    Result<Side> side_of(const Value &value);
    static Scalar compare(Op op, const Side &left, const Side &right);

    const Table &table_;
    InputList &inputs_;
};

Result<Side> ConditionLowering::side_of(const Value &value) {
    Side out;
    Expression form;
    switch (value.kind) {
        case ValueKind::string:
            form.type = form.scalar.type = Type::string;
            form.scalar.text = value.text;
            out.forms.push_back(std::move(form));
            return out;
        case ValueKind::boolean:
            form.type = Type::boolean;
            form.scalar = truth((value.text[0] | 0x20) == 't');
            out.forms.push_back(std::move(form));
            return out;
        case ValueKind::name:
            break;
        case ValueKind::call:
            return invalid("Cannot process function call " + value.text + " in expression");
        default: {
            Result<Expression> number = lower_arithmetic(table_, value, inputs_);
            if (!number.ok()) return number.status();
            out.forms.push_back(std::move(*number));
            return out;
        }
    }
    const auto column = column_of(table_, value.text);
    if (!column.ok()) return column.status();
    const TableColumn &found = **column;
    if (found.has_numbers()) {
        Result<Expression> number = lower_arithmetic(table_, value, inputs_);
        if (!number.ok()) return number.status();
        out.forms.push_back(std::move(*number));
    }
    for (const Type type : {Type::string, Type::boolean}) {
        const TableColumn::Part *const part = found.part(type);
        if (part == nullptr) continue;
        out.forms.push_back({reference(inputs_.add(found.input(*part))), type});
    }
    return out;
}

// Values of different types never match.
Scalar ConditionLowering::compare(Op op, const Side &left, const Side &right) {
    std::vector<Scalar> ways;
    for (const Type type : {Type::none, Type::string, Type::boolean}) {
        const bool numeric = type == Type::none;
        const Expression *const a = left.form(numeric, type);
        const Expression *const b = right.form(numeric, type);
        if (a != nullptr && b != nullptr) ways.push_back(binary(op, a->scalar, b->scalar));
    }
    if (ways.empty()) return truth(false);
    Scalar out = std::move(ways.front());
    for (size_t i = 1; i < ways.size(); ++i) {
        out = binary(Op::logical_or, std::move(out), std::move(ways[i]));
    }
    return out;
}

Result<Scalar> ConditionLowering::lower_match(const Value &value) {
    const Result<Side> subject = side_of(value.args[0]);
    if (!subject.ok()) return subject.status();
    const Expression *const text = subject->form(false, Type::string);
    if (text == nullptr) return truth(false);
    Scalar out = strict(value.text == "=~" ? Op::match : Op::no_match);
    out.regex = value.args[1].regex;
    out.args.push_back(text->scalar);
    return out;
}

Result<Scalar> ConditionLowering::lower_membership(const Value &value) {
    const Result<Side> subject = side_of(value.args[0]);
    if (!subject.ok()) return subject.status();
    Scalar out = truth(false);
    for (size_t i = 1; i < value.args.size(); ++i) {
        const Result<Side> element = side_of(value.args[i]);
        if (!element.ok()) return element.status();
        Scalar equal = compare(Op::equal, *subject, *element);
        out = i == 1 ? std::move(equal) : binary(Op::logical_or, std::move(out), std::move(equal));
    }
    return out;
}

Result<Scalar> ConditionLowering::lower_comparison(const Value &value) {
    if (value.kind == ValueKind::membership) return lower_membership(value);
    if (value.kind != ValueKind::binary || is_arithmetic(value)) {
        return invalid("Invalid where expression: " + value.text);
    }
    if (value.args[1].kind == ValueKind::regex) return lower_match(value);
    const Result<Side> left = side_of(value.args[0]);
    if (!left.ok()) return left.status();
    const Result<Side> right = side_of(value.args[1]);
    if (!right.ok()) return right.status();
    return compare(comparison_op(value.text), *left, *right);
}

Result<Scalar> ConditionLowering::lower(const Condition &condition) {
    if (condition.kind == Condition::Kind::comparison) {
        return lower_comparison(condition.comparison);
    }
    Result<Scalar> left = lower(condition.sides[0]);
    if (!left.ok()) return left;
    Result<Scalar> right = lower(condition.sides[1]);
    if (!right.ok()) return right;
    const bool is_and = condition.kind == Condition::Kind::logical_and;
    return binary(is_and ? Op::logical_and : Op::logical_or, std::move(*left), std::move(*right));
}

std::string_view type_word(const TableColumn &column) {
    return column.part(Type::string) != nullptr ? "string" : "bool";
}

Expression numbers_of(const TableColumn &column, InputList &inputs) {
    const plan::Input input = column.numbers();
    return {reference(inputs.add(input)), input.type};
}

}  // namespace

uint32_t InputList::add(const plan::Input &input) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
        const plan::Input &known = inputs_[i];
        if (known.name == input.name && known.is_tag == input.is_tag && known.type == input.type &&
            known.converts == input.converts && known.is_origin == input.is_origin) {
            return first_ + static_cast<uint32_t>(i);
        }
    }
    inputs_.push_back(input);
    return first_ + static_cast<uint32_t>(inputs_.size() - 1);
}

bool InputList::has_tags_alone() const {
    bool has_tag = false;
    for (const plan::Input &input : inputs_) {
        if (!input.is_tag && input.counts) return false;
        has_tag = has_tag || (input.is_tag && !input.is_origin);
    }
    return has_tag;
}

Result<Expression> number_constant(const Value &value) {
    Expression out;
    const char *const begin = value.text.data();
    const char *const end = begin + value.text.size();
    if (value.kind == ValueKind::integer &&
        std::from_chars(begin, end, out.scalar.integer).ec == std::errc()) {
        out.type = out.scalar.type = Type::integer;
        return out;
    }
    if (std::from_chars(begin, end, out.scalar.number).ec != std::errc()) {
        return invalid("number out of range: " + value.text);
    }
    out.type = out.scalar.type = Type::floating;
    return out;
}

Result<Expression> lower_arithmetic(const Table &table, const Value &value, InputList &inputs) {
    if (value.kind == ValueKind::integer || value.kind == ValueKind::floating) {
        return number_constant(value);
    }
    if (value.kind == ValueKind::name) {
        const auto column = column_of(table, value.text);
        if (!column.ok()) return column.status();
        if ((*column)->has_numbers()) return numbers_of(**column, inputs);
        return invalid("operators don't work with " + std::string(type_word(**column)) + " types");
    }
    if (!is_arithmetic(value)) {
        return invalid("Value cannot be evaluated: " + value.text);
    }
    Expression out;
    out.scalar = strict(arithmetic_op(value.text));
    std::vector<Type> types;
    for (const Value &arg : value.args) {
        if (arg.kind == ValueKind::name) {
            const auto column = column_of(table, arg.text);
            if (!column.ok()) return column.status();
            if (!(*column)->has_numbers()) {
                return invalid(value.text + " operator doesn't work with " +
                               std::string(type_word(**column)) + " types");
            }
        }
        Result<Expression> side = lower_arithmetic(table, arg, inputs);
        if (!side.ok()) return side;
        types.push_back(side->type);
        out.scalar.args.push_back(std::move(side->scalar));
    }
    out.type = types[0] == types[1] ? types[0] : Type::floating;
    return out;
}

Result<plan::Scalar> lower_condition(const Table &table, const Condition &condition,
                                     InputList &inputs) {
    return ConditionLowering(table, inputs).lower(condition);
}

void for_each_name(const Value &value, const std::function<void(const std::string &)> &use) {
    if (value.kind == ValueKind::name) use(value.text);
    for (const Value &arg : value.args) for_each_name(arg, use);
}

void for_each_name(const Condition &condition,
                   const std::function<void(const std::string &)> &use) {
    if (condition.kind == Condition::Kind::comparison)
        return for_each_name(condition.comparison, use);
    for (const Condition &side : condition.sides) for_each_name(side, use);
}

}  // namespace varve::query::influxql08
