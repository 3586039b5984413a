// Values and conditions of the language as scalars over a plan's inputs.
#pragma once

#include "query/languages/influxql08/select/table.hpp"

namespace varve::query::influxql08 {

// The inputs of a plan, each once, from a position on.
class InputList {
  public:
    InputList(std::vector<plan::Input> &inputs, uint32_t first) : inputs_(inputs), first_(first) {}

    // The input's position.
    uint32_t add(const plan::Input &input);
    // Tags, and no field that a row could be told by.
    bool has_tags_alone() const;

  private:
    std::vector<plan::Input> &inputs_;
    const uint32_t first_;
};

struct Expression {
    plan::Scalar scalar;
    plan::Type type = plan::Type::none;
};

// Arithmetic over numbers. Errors: unknown columns, and values that arithmetic does not work with.
Result<Expression> lower_arithmetic(const Table &table, const Value &value, InputList &inputs);

Result<plan::Scalar> lower_condition(const Table &table, const Condition &condition,
                                     InputList &inputs);

// Reads a number's text. Whole numbers are integers, if they fit.
Result<Expression> number_constant(const Value &value);

// Calls use(name) for every column that a value or condition refers to.
void for_each_name(const Value &value, const std::function<void(const std::string &)> &use);
void for_each_name(const Condition &condition, const std::function<void(const std::string &)> &use);

}  // namespace varve::query::influxql08
