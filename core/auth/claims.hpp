// The JSON parts of a token.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve::auth {

// The header's "alg"; absent if there is none or it is no text.
Result<std::optional<std::string>> read_algorithm(std::string_view json);

struct Claims {
    std::optional<double> expires_s;     // exp; all three: seconds since the Unix epoch
    std::optional<double> not_before_s;  // nbf
    std::optional<double> issued_s;      // iat
    std::optional<std::string> username;
};

// Claims of another type than they should be count as absent, as InfluxDB has it. invalid_argument
// if the text is no JSON object.
Result<Claims> read_claims(std::string_view json);

}  // namespace varve::auth
