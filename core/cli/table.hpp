// Plain tables of text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace varve::cli {

// Columns of display that a text takes: code points, not bytes.
size_t width_of(std::string_view text);

// Appends the lines with their columns aligned; a rule stands under the first line.
void append_table(std::string &out, const std::vector<std::string> &head,
                  const std::vector<std::vector<std::string>> &rows);

}  // namespace varve::cli
