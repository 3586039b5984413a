// What a request says about who sends it. Pure; nothing is believed here.
#pragma once

#include <string>

#include "base/status.hpp"
#include "kernel/http/http.hpp"

namespace varve::auth {

struct Credentials {
    enum class Kind { password, bearer };
    Kind kind = Kind::password;
    std::string name;
    std::string password;
    std::string token;  // bearer
};

// In InfluxDB's order: u and p of the query string (both not empty), "Bearer TOKEN",
// "Token NAME:PASSWORD", basic. unauthenticated "unable to parse authentication credentials".
Result<Credentials> read_credentials(http::Request &request);

// Why InfluxDB 0.8 cannot read this header: "Bad auth header", "Bad encoding", "Bad auth value".
std::string_view fault_of_header(std::string_view header);

}  // namespace varve::auth
