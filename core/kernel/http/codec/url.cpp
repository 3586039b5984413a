#include "kernel/http/codec/url.hpp"

#include <algorithm>

#include "kernel/http/codec/text.hpp"

namespace varve::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The value of `;name=value` or `;name="value"` in a header's value.
std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
    size_t at = value.find(';');
    while (at != std::string_view::npos) {
        value.remove_prefix(at + 1);
        value = trimmed_blanks(value);
        const size_t equals = value.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const bool wanted = equals_ignoring_case(trimmed_blanks(value.substr(0, equals)), name);
        value = trimmed_blanks(value.substr(equals + 1));
        if (!value.empty() && value[0] == '"') {
            std::string text;
            size_t i = 1;
            for (; i < value.size() && value[i] != '"'; ++i) {
                if (value[i] == '\\' && i + 1 < value.size()) ++i;
                text += value[i];
            }
            if (wanted) return text;
            value.remove_prefix(std::min(i, value.size()));
        } else if (wanted) {
            return std::string(trimmed_blanks(value.substr(0, value.find(';'))));
        }
        at = value.find(';');
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

void parse_urlencoded(std::string_view text, Parameters &out) {
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('&', at), text.size());
        const std::string_view pair = text.substr(at, end - at);
        at = end + 1;
        if (pair.empty()) continue;
        const size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decoded(pair.substr(0, equals), true);
        auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
        if (name && value) out.emplace_back(std::move(*name), std::move(*value));
    }
}

void parse_multipart(std::string_view content_type, std::string_view body, Parameters &out) {
    const auto boundary = header_parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > 70) return;
    const std::string delimiter = "--" + *boundary;
    const std::string next = "\r\n" + delimiter;
    size_t at = body.find(delimiter);
    if (at == std::string_view::npos) return;
    body.remove_prefix(at + delimiter.size());
    while (!body.starts_with("--")) {
        if (!body.starts_with("\r\n")) return;
        body.remove_prefix(2);
        std::optional<std::string> name;
        for (;;) {  // the part's header lines
            const size_t end = body.find("\r\n");
            if (end == std::string_view::npos) return;
            const std::string_view line = body.substr(0, end);
            body.remove_prefix(end + 2);
            if (line.empty()) break;
            const size_t colon = line.find(':');
            if (colon != std::string_view::npos &&
                equals_ignoring_case(trimmed_blanks(line.substr(0, colon)),
                                     "content-disposition")) {
                name = header_parameter(line.substr(colon + 1), "name");
            }
        }
        at = body.find(next);
        // A part without content ends in the blank line's own line break.
        const bool empty = body.starts_with(delimiter);
        if (at == std::string_view::npos && !empty) return;
        if (name) out.emplace_back(std::move(*name), std::string(body.substr(0, empty ? 0 : at)));
        body.remove_prefix(empty ? delimiter.size() : at + next.size());
    }
}

std::optional<TargetParts> parse_target(std::string target) {
    TargetParts parts;
    if (target == "*") {
        parts.origin = "*";
        parts.path = "*";
        parts.query_at = 1;
        return parts;
    }
    if (!target.empty() && target[0] != '/') {
        const size_t scheme = target.find("://");
        if (scheme == std::string::npos) return std::nullopt;
        const std::string_view name(target.data(), scheme);
        if (!equals_ignoring_case(name, "http") && !equals_ignoring_case(name, "https"))
            return std::nullopt;
        const size_t rest = target.find_first_of("/?", scheme + 3);
        target = rest == std::string::npos ? "/" : target.substr(rest);
        if (target[0] == '?') target.insert(0, 1, '/');
    }
    if (target.empty()) return std::nullopt;
    parts.query_at = std::min(target.find('?'), target.size());
    auto path = percent_decoded(std::string_view(target).substr(0, parts.query_at), false);
    if (!path) return std::nullopt;
    parts.path = std::move(*path);
    if (parts.query_at < target.size()) ++parts.query_at;
    parts.origin = std::move(target);
    return parts;
}

namespace {

bool mentions_password(std::string_view query) {
    std::string text = percent_decoded(query, true).value_or("password");
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    return text.find("password") != std::string::npos;
}

}  // namespace

std::string redacted_target(std::string_view target) {
    const size_t query = target.find('?');
    if (query == std::string_view::npos) return std::string(target);
    const bool has_password = mentions_password(target.substr(query + 1));
    std::string out(target.substr(0, query + 1));
    std::string_view rest = target.substr(query + 1);
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        const size_t equals = pair.find('=');
        const auto name = percent_decoded(pair.substr(0, std::min(equals, pair.size())), true);
        const bool secret = name && (*name == "p" || *name == "password" || *name == "token" ||
                                     (has_password && (*name == "q" || *name == "params")));
        if (secret && equals != std::string_view::npos) {
            out += pair.substr(0, equals + 1);
            out += "[REDACTED]";
        } else {
            out += pair;
        }
        rest.remove_prefix(end);
        if (!rest.empty()) {
            out += '&';
            rest.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace varve::http
