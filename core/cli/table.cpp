#include "cli/table.hpp"

#include <algorithm>

namespace varve::cli {

size_t width_of(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

void append_table(std::string &out, const std::vector<std::string> &head,
                  const std::vector<std::vector<std::string>> &rows) {
    std::vector<std::vector<std::string>> lines{head, {}};
    for (const std::string &column : head) lines[1].emplace_back(width_of(column), '-');
    lines.insert(lines.end(), rows.begin(), rows.end());
    std::vector<size_t> widths(head.size(), 0);
    for (const auto &line : lines) {
        for (size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
            widths[i] = std::max(widths[i], width_of(line[i]));
        }
    }
    for (const auto &line : lines) {
        for (size_t i = 0; i < std::min(line.size(), widths.size()); ++i) {
            out += line[i];
            if (i + 1 < line.size()) out.append(widths[i] - width_of(line[i]) + 1, ' ');
        }
        out += '\n';
    }
}

}  // namespace varve::cli
