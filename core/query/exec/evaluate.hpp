// Scalar expressions over vectors, a whole vector per operator.
#pragma once

#include <span>

#include "query/exec/rows/vector.hpp"
#include "query/plan/scalar.hpp"

namespace varve::query::exec {

// The expression's value for every row. Texts of the result live as long as the inputs' and the
// expression's.
Vector evaluate(const plan::Scalar &scalar, std::span<const Vector> inputs, size_t rows);

// The same for a condition: 1 where it is true.
std::vector<uint8_t> evaluate_condition(const plan::Scalar &scalar, std::span<const Vector> inputs,
                                        size_t rows);

}  // namespace varve::query::exec
