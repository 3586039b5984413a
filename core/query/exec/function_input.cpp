#include "query/exec/function_input.hpp"

#include <varve/cpp/bytes.hpp>

namespace varve::query::exec {

std::vector<varve_argument> bind_arguments(const std::vector<plan::Argument> &arguments,
                                           Type column_type) {
    std::vector<varve_argument> out;
    for (const plan::Argument &argument : arguments) {
        varve_argument bound{};
        bound.kind = argument.kind;
        bound.text = str(argument.text);
        if (argument.kind == VARVE_ARGUMENT_FLOAT) {
            bound.value.as_float = argument.number;
        } else {
            bound.value.as_int = argument.integer;
        }
        out.push_back(bound);
    }
    out.front().type = static_cast<uint32_t>(column_type);
    return out;
}

ColumnCopy::ColumnCopy(const Vector &vector, size_t rows) : validity_((rows + 63) / 64) {
    for (size_t row = 0; row < rows; ++row) {
        if (vector.is_valid(row)) validity_[row >> 6] |= uint64_t{1} << (row & 63);
    }
    column_.type = static_cast<uint32_t>(vector.type);
    column_.decimals_max = VARVE_DECIMALS_UNKNOWN;
    column_.validity = validity_.data();
    column_.values = vector.bits.data();
    if (vector.type == Type::boolean) {
        for (size_t row = 0; row < rows; ++row) {
            booleans_.push_back(static_cast<uint8_t>(vector.bits[row]));
        }
        column_.values = booleans_.data();
    } else if (vector.type == Type::string) {
        for (size_t row = 0; row < rows; ++row) texts_.push_back(str(vector.text[row]));
        column_.values = texts_.data();
    }
}

}  // namespace varve::query::exec
