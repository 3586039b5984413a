// Numbers as Go prints them.
#pragma once

#include <cstdint>
#include <string>

namespace varve::query::encode {

// Shortest digits; an exponent below 1e-6 and from 1e21 on ("1e+21", "1e-7"). Not for NaN and Inf.
void append_json_float(double value, std::string &out);
// Shortest digits, never an exponent.
void append_plain_float(double value, std::string &out);
void append_integer(int64_t value, std::string &out);
void append_unsigned(uint64_t value, std::string &out);

}  // namespace varve::query::encode
