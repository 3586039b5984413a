#include "common/graphite_text/template.hpp"

#include <algorithm>

namespace varve::graphite_text {
namespace {

void append_joined(std::string &out, bool is_first, std::string_view separator,
                   std::string_view part) {
    if (!is_first) out += separator;
    out += part;
}

bool contains(const std::vector<std::string> &words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void Applied::clear() {
    measurement.clear();
    field.clear();
    tags.clear();
}

std::string *Applied::find_tag(std::string_view key) {
    for (auto &[name, value] : tags) {
        if (name == key) return &value;
    }
    return nullptr;
}

Template::Template(std::string_view words, TagList tags, std::string separator)
    : tags_(std::move(tags)), separator_(std::move(separator)) {
    std::vector<std::string_view> pieces;
    split_dots(words, pieces);
    for (const std::string_view piece : pieces) {
        append_joined(words_text_, words_.empty(), separator_, piece);
        words_.emplace_back(piece);
    }
    takes_rest_twice_ = contains(words_, "field*") && contains(words_, "measurement*");
}

Status Template::apply(std::span<const std::string_view> parts, std::string_view path,
                       Applied &out) const {
    out.clear();
    if (takes_rest_twice_) {
        return {Code::invalid_argument,
                "either 'field*' or 'measurement*' can be used in each template (but not both "
                "together): " +
                    quoted(words_text_)};
    }
    out.tags = tags_;
    bool has_name = false;
    const size_t count = std::min(words_.size(), parts.size());
    for (size_t i = 0; i < count; ++i) {
        const std::string &word = words_[i];
        if (word == "measurement" || word == "measurement*") {
            const size_t end = word.back() == '*' ? parts.size() : i + 1;
            for (size_t part = i; part < end; ++part) {
                append_joined(out.measurement, !has_name, separator_, parts[part]);
                has_name = true;
            }
            if (word.back() == '*') break;
        } else if (word == "field") {
            if (!out.field.empty()) {
                return {Code::invalid_argument,
                        "'field' can only be used once in each template: " + quoted(path)};
            }
            out.field = parts[i];
        } else if (word == "field*") {
            out.field.clear();
            for (size_t part = i; part < parts.size(); ++part) {
                append_joined(out.field, part == i, separator_, parts[part]);
            }
            break;
        } else if (!word.empty()) {
            std::string *known = out.find_tag(word);
            if (known == nullptr) {
                out.tags.emplace_back(word, parts[i]);
            } else {
                append_joined(*known, false, separator_, parts[i]);
            }
        }
    }
    return {};
}

void split_dots(std::string_view text, std::vector<std::string_view> &out) {
    for (;;) {
        const size_t dot = text.find('.');
        out.push_back(text.substr(0, dot));
        if (dot == std::string_view::npos) return;
        text.remove_prefix(dot + 1);
    }
}

std::string quoted(std::string_view text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\x";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace varve::graphite_text
