#include "storage/common/condition.hpp"

#include <bit>
#include <compare>

namespace varve::storage {
namespace {

bool holds(uint32_t op, std::partial_ordering order) {
    // NOLINTBEGIN(modernize-use-nullptr): an ordering is compared with 0, not with a pointer.
    switch (op) {
        case VARVE_EQ:
            return order == 0;
        case VARVE_NE:
            return order != 0;
        case VARVE_LT:
            return order < 0;
        case VARVE_LE:
            return order <= 0;
        case VARVE_GT:
            return order > 0;
        case VARVE_GE:
            return order >= 0;
            // NOLINTEND(modernize-use-nullptr)
        default:
            return false;
    }
}

bool is_number(uint32_t type) {
    return type == VARVE_TYPE_FLOAT64 || type == VARVE_TYPE_INT64 || type == VARVE_TYPE_UINT64;
}

// Numbers of different types compare as the wider of the two would in mathematics; long double
// holds every int64, uint64 and double.
long double number(uint32_t type, uint64_t bits) {
    if (type == VARVE_TYPE_FLOAT64) return std::bit_cast<double>(bits);
    if (type == VARVE_TYPE_INT64) return static_cast<long double>(static_cast<int64_t>(bits));
    return static_cast<long double>(bits);
}

}  // namespace

bool condition_met(const TypedValue &value, uint32_t op, const TypedValue &constant) {
    if (is_number(value.type) && is_number(constant.type)) {
        return holds(op, number(value.type, value.bits) <=> number(constant.type, constant.bits));
    }
    if (value.type != constant.type) return false;
    if (value.type == VARVE_TYPE_STRING) return holds(op, value.text <=> constant.text);
    return holds(op, value.bits <=> constant.bits);
}

}  // namespace varve::storage
