// Base64 as credentials and tokens carry it: strict, with the place of the first bad byte, which
// InfluxDB's messages name.
#pragma once

#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve::auth {

enum class Base64 { standard, url };

// Padding is required up to a multiple of four. invalid_argument "illegal base64 data at input byte
// N".
Result<std::string> decode_base64(std::string_view text, Base64 alphabet);

}  // namespace varve::auth
