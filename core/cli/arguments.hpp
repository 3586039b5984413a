// The words behind a verb: its own flags, in the forms --name value, --name=value and -name, and
// the rest.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"

namespace varve::cli {

struct VerbFlag {
    std::string_view name;
    bool takes_value = true;
};

struct Arguments {
    std::map<std::string, std::string, std::less<>> flags;  // a switch has an empty value
    std::vector<std::string> words;

    bool has(std::string_view name) const { return flags.contains(name); }
    // Empty if it was not given.
    std::string value(std::string_view name) const;
};

// invalid_argument names the flag that is unknown, lacks its value or stands twice.
Result<Arguments> parse_arguments(const std::vector<std::string> &words,
                                  std::span<const VerbFlag> known);

}  // namespace varve::cli
