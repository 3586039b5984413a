// Answers of the server as people read them: columns, CSV, or the JSON itself.
#pragma once

#include <string>
#include <string_view>

#include "base/status.hpp"

namespace varve::cli {

enum class Format { column, csv, json };

// "column", "csv", "json".
Result<Format> parse_format(std::string_view text);

// Renders one document of /query ({"results":[…]} or {"error":"…"}). Numbers keep the server's
// digits. Errors of statements are appended to `errors`, a line each.
std::string render(std::string_view document, Format format, std::string &errors);

}  // namespace varve::cli
