// Percent escapes, request targets and form parameters: pure functions on text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace varve::http {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// Decodes %XX; with plus_is_space also '+'. Nothing if an escape is malformed.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

// Appends the pairs of "a=1&b=2" in order, decoded. A pair with a malformed escape is left out, as
// Go's url.ParseQuery does; a name alone has an empty value.
void parse_urlencoded(std::string_view text, Parameters &out);

// Appends the parts of a multipart/form-data body whose type this header gives: name and content.
// Stops at the first malformed part.
void parse_multipart(std::string_view content_type, std::string_view body, Parameters &out);

struct TargetParts {
    std::string origin;   // "/path?query": absolute form ("http://host/path") is reduced to it
    std::string path;     // decoded; "*" for the asterisk form
    size_t query_at = 0;  // where the query begins in origin; origin.size() = none
};
// Nothing if the target is none of origin, absolute or asterisk form or its path has a bad escape.
std::optional<TargetParts> parse_target(std::string target);

// The target with the values of password and token parameters replaced, for logs; where the query
// string speaks of a password, as CREATE USER does, also those of q and params.
std::string redacted_target(std::string_view target);

}  // namespace varve::http
