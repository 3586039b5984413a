// JSON Web Tokens, signed with a shared secret (HS256, HS384, HS512): who asks, until when.
//
//   base64url(header) "." base64url(claims) "." base64url(HMAC(secret, all before the last dot))
//
// Poco's JWT is not used: it compares signatures in variable time and cannot give the texts that
// clients of InfluxDB know.
#pragma once

#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve::auth {

// The token's user name. unauthenticated with InfluxDB's text; whether the user exists is the
// caller's question.
Result<std::string> verify_jwt(std::string_view token, std::string_view secret, int64_t now_ns);

}  // namespace varve::auth
