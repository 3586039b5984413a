// Bound parameters: a JSON object whose values stand for `$name` in a query.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "query/languages/influxql/syntax/token.hpp"

namespace varve::query::influxql {

struct Param {
    Token token = Token::bound_parameter;  // bound_parameter: text is why it cannot be used
    std::string text;
};
using Params = std::map<std::string, Param, std::less<>>;

// invalid_argument "error parsing query parameters: …" when it is no JSON object. A value of a
// wrong kind becomes an error only where it is used.
Result<Params> parse_params(std::string_view json);

}  // namespace varve::query::influxql
