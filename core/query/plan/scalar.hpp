// Scalar expressions over the columns of a plan's node.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <varve/kind/function.h>

namespace re2 {
class RE2;
}

namespace varve::query::plan {

// Types of values; the numbers are varve_type's. none = nothing but nulls.
enum class Type : uint8_t {
    none = VARVE_TYPE_ANY,
    floating = VARVE_TYPE_FLOAT64,
    integer = VARVE_TYPE_INT64,
    unsigned_integer = VARVE_TYPE_UINT64,
    string = VARVE_TYPE_STRING,
    boolean = VARVE_TYPE_BOOLEAN
};

inline bool is_numeric(Type type) {
    return type == Type::floating || type == Type::integer || type == Type::unsigned_integer;
}

enum class Op : uint8_t {
    constant,
    input,  // the column at `input`
    add,
    subtract,
    multiply,
    divide,
    modulo,
    bit_and,
    bit_or,
    bit_xor,
    logical_and,
    logical_or,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    match,  // args[0] =~ regex
    no_match,
    call  // a scalar function over args
};

struct Scalar {
    Op op = Op::constant;
    Type type = Type::none;  // of a constant
    // A condition: comparing always gives true or false, and integers divide to integers. Otherwise
    // integers divide to floats.
    bool in_condition = false;
    // Rules of InfluxDB 0.8, beside those of a condition: texts have an order, null compares with
    // nothing, what is divided by zero is infinite or, of integers, has no value.
    bool strict = false;
    bool boolean = false;
    double number = 0;
    int64_t integer = 0;
    uint64_t unsigned_integer = 0;
    std::string text;
    uint32_t input = 0;
    std::shared_ptr<const re2::RE2> regex;
    const varve_function *function = nullptr;  // of a call
    std::vector<Scalar> args;
};

}  // namespace varve::query::plan
