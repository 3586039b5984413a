// One condition `value op constant`, as deletes and pruning use it.
#pragma once

#include <cstdint>
#include <string_view>

#include <varve/kind/storage.h>

namespace varve::storage {

// A value with its type: the 8 bytes of a number or boolean, or a text.
struct TypedValue {
    uint32_t type = 0;  // varve_type
    uint64_t bits = 0;
    std::string_view text;
};

// `op` is a varve_compare. Numbers of different types compare as in mathematics; other types only
// with their own kind. A NaN meets nothing but VARVE_NE.
bool condition_met(const TypedValue &value, uint32_t op, const TypedValue &constant);

}  // namespace varve::storage
