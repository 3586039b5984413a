#include "model/series_key.hpp"

#include <algorithm>

namespace varve {
namespace {

// A backslash at the end would swallow the separator behind it.
Status check_name(std::string_view name) {
    if (!name.empty() && name.back() != '\\') return {};
    return {Code::invalid_argument, name.empty() ? "a measurement or tag key is empty"
                                                 : "a measurement or tag ends in a backslash"};
}

// Where the first such byte stands that no backslash escapes, from `at` on; else the text's end.
size_t find_unescaped(std::string_view text, char wanted, size_t at) {
    while (at < text.size() && text[at] != wanted) at += text[at] == '\\' ? 2 : 1;
    return std::min(at, text.size());
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        const bool escapes = text[at] == '\\' && at + 1 < text.size() &&
                             kEscapedInTag.find(text[at + 1]) != std::string_view::npos;
        out += text[escapes ? ++at : at];
    }
    return out;
}

}  // namespace

void append_escaped(std::string &out, std::string_view text, std::string_view escaped) {
    for (const char c : text) {
        if (escaped.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
}

Result<std::string> make_series_key(std::string_view measurement, const Tags &tags) {
    VARVE_RETURN_IF_ERROR(check_name(measurement));
    std::string key;
    append_escaped(key, measurement, kEscapedInMeasurement);
    for (const auto &[name, value] : tags) {
        if (value.empty()) continue;
        VARVE_RETURN_IF_ERROR(check_name(name));
        VARVE_RETURN_IF_ERROR(check_name(value));
        key += ',';
        append_escaped(key, name, kEscapedInTag);
        key += '=';
        append_escaped(key, value, kEscapedInTag);
    }
    if (key.size() > kSeriesKeySizeMax) {
        return Status(Code::too_large, "max key length exceeded: " + std::to_string(key.size()) +
                                           " > " + std::to_string(kSeriesKeySizeMax));
    }
    return key;
}

Tags split_tags(std::string_view key) {
    Tags out;
    for (size_t at = find_unescaped(key, ',', 0); at < key.size();) {
        const size_t end = find_unescaped(key, ',', at + 1);
        const std::string_view tag = key.substr(at + 1, end - at - 1);
        const size_t equals = find_unescaped(tag, '=', 0);
        if (equals < tag.size()) {
            out.emplace_back(unescaped(tag.substr(0, equals)), unescaped(tag.substr(equals + 1)));
        }
        at = end;
    }
    return out;
}

}  // namespace varve
