// A regular expression over names of series, as InfluxDB 0.8's permissions and shard spaces have
// it: unanchored, RE2 syntax.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace re2 {
class RE2;
}

namespace varve {

// Immutable; copies share the compiled expression. [any thread]
class NamePattern {
  public:
    NamePattern() = default;  // ".*", which matches every name

    // The expression alone. invalid_argument "error parsing regexp: …".
    static Result<NamePattern> parse(std::string_view text);
    // "/expression/" or "/expression/i" as well.
    static Result<NamePattern> parse_delimited(std::string_view text);

    bool matches(std::string_view name) const;
    const std::string &text() const { return text_; }  // as it was given

  private:
    static Result<NamePattern> compile(std::string_view text, std::string_view expression,
                                       bool ignores_case);

    std::string text_ = ".*";
    std::shared_ptr<const re2::RE2> regex_;  // null: every name
};

}  // namespace varve
