// Columns inside the engine: dense 8-byte values or texts with a byte of validity each.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "query/plan/scalar.hpp"

namespace varve::query::exec {

using plan::Type;

// Texts are borrowed: whoever fills the vector says how long they live.
struct Vector {
    Type type = Type::none;              // none: every row is null, nothing else is kept
    std::vector<uint64_t> bits;          // floats bit by bit, booleans 0 or 1
    std::vector<std::string_view> text;  // strings
    std::vector<uint8_t> valid;          // 1 = not null

    void reset(Type new_type, size_t rows);  // all null
    void append_null(size_t rows);
    void append_from(const Vector &other, size_t row);
    size_t size_bytes() const { return bits.size() * 8 + text.size() * 16 + valid.size(); }

    bool is_valid(size_t row) const { return type != Type::none && valid[row] != 0; }
    double number(size_t row) const { return std::bit_cast<double>(bits[row]); }
    int64_t integer(size_t row) const { return static_cast<int64_t>(bits[row]); }
    void set_number(size_t row, double value) { set(row, std::bit_cast<uint64_t>(value)); }
    void set(size_t row, uint64_t value) {
        bits[row] = value;
        valid[row] = 1;
    }
    void set_text(size_t row, std::string_view value) {
        text[row] = value;
        valid[row] = 1;
    }
};

// One value, converted between numeric types as InfluxQL converts (floats are cut).
uint64_t convert_bits(uint64_t bits, Type from, Type to);

}  // namespace varve::query::exec
