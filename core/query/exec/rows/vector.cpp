#include "query/exec/rows/vector.hpp"

#include <limits>

namespace varve::query::exec {

void Vector::reset(Type new_type, size_t rows) {
    type = new_type;
    bits.clear();
    text.clear();
    valid.clear();
    append_null(rows);
}

void Vector::append_null(size_t rows) {
    if (type == Type::none) return;
    if (type == Type::string) {
        text.resize(text.size() + rows);
    } else {
        bits.resize(bits.size() + rows);
    }
    valid.resize(valid.size() + rows);
}

void Vector::append_from(const Vector &other, size_t row) {
    if (type == Type::none) return;
    append_null(1);
    if (!other.is_valid(row) || other.type != type) return;
    if (type == Type::string) {
        set_text(valid.size() - 1, other.text[row]);
    } else {
        set(valid.size() - 1, other.bits[row]);
    }
}

namespace {

int64_t cut_to_integer(double value) {
    // Out of range the hardware's answer is what Go gives, too: the lowest integer.
    if (!(value > -9223372036854775808.0 && value < 9223372036854775808.0)) {
        return std::numeric_limits<int64_t>::min();
    }
    return static_cast<int64_t>(value);
}

uint64_t cut_to_unsigned(double value) {
    if (!(value > -1.0 && value < 18446744073709551616.0)) {
        return static_cast<uint64_t>(cut_to_integer(value));
    }
    return static_cast<uint64_t>(value);
}

}  // namespace

uint64_t convert_bits(uint64_t bits, Type from, Type to) {
    if (from == to) return bits;
    if (to == Type::floating) {
        const double value = from == Type::integer ? static_cast<double>(static_cast<int64_t>(bits))
                                                   : static_cast<double>(bits);
        return std::bit_cast<uint64_t>(value);
    }
    if (from != Type::floating) return bits;
    const auto value = std::bit_cast<double>(bits);
    return to == Type::integer ? static_cast<uint64_t>(cut_to_integer(value))
                               : cut_to_unsigned(value);
}

}  // namespace varve::query::exec
