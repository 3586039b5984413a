#include "model/name_pattern.hpp"

#include <re2/re2.h>

namespace varve {

Result<NamePattern> NamePattern::compile(std::string_view text, std::string_view expression,
                                         bool ignores_case) {
    NamePattern out;
    out.text_ = text;
    if (expression == ".*") return out;
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_case_sensitive(!ignores_case);
    auto regex = std::make_shared<const re2::RE2>(
        re2::StringPiece(expression.data(), expression.size()), options);
    if (!regex->ok()) {
        return Status(Code::invalid_argument,
                      "error parsing regexp: " + regex->error() + ": `" + regex->error_arg() + '`');
    }
    out.regex_ = std::move(regex);
    return out;
}

Result<NamePattern> NamePattern::parse(std::string_view text) {
    return compile(text, text, false);
}

Result<NamePattern> NamePattern::parse_delimited(std::string_view text) {
    const bool ignores_case = text.size() > 2 && text.ends_with("/i");
    std::string_view inside = text.substr(0, text.size() - (ignores_case ? 1 : 0));
    if (inside.size() < 2 || !inside.starts_with('/') || !inside.ends_with('/')) {
        return parse(text);
    }
    inside = inside.substr(1, inside.size() - 2);
    return compile(text, inside, ignores_case);
}

bool NamePattern::matches(std::string_view name) const {
    return regex_ == nullptr ||
           re2::RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *regex_);
}

}  // namespace varve
