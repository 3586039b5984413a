#include "inputs/http/series_api/target_path.hpp"

#include <charconv>

namespace varve {
namespace {

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        unsigned byte = 0;
        const std::string_view digits = text.substr(at + 1, 2);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || read.ptr != digits.data() + 2) return std::nullopt;
        out += static_cast<char>(byte);
        at += 2;
    }
    return out;
}

// Takes the text up to the next slash off the front.
std::string_view next_segment(std::string_view &path) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    return segment;
}

}  // namespace

std::optional<std::vector<std::string>> path_segments(std::string_view target) {
    std::string_view path = target.substr(0, target.find('?'));
    while (path.ends_with('/')) path.remove_suffix(1);
    if (path.starts_with('/')) path.remove_prefix(1);
    std::vector<std::string> out;
    while (!path.empty()) {
        std::optional<std::string> segment = decoded(next_segment(path));
        if (!segment) return std::nullopt;
        out.push_back(std::move(*segment));
    }
    return out;
}

bool matches_path(const std::vector<std::string> &segments, std::string_view pattern,
                  std::vector<std::string> &values) {
    values.clear();
    for (const std::string &segment : segments) {
        if (pattern.empty()) return false;
        const std::string_view wanted = next_segment(pattern);
        if (wanted.starts_with(':')) {
            if (segment.empty()) return false;
            values.push_back(segment);
        } else if (segment != wanted) {
            return false;
        }
    }
    return pattern.empty();
}

}  // namespace varve
