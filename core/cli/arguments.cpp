#include "cli/arguments.hpp"

#include <algorithm>

namespace varve::cli {

std::string Arguments::value(std::string_view name) const {
    const auto found = flags.find(name);
    return found == flags.end() ? std::string() : found->second;
}

Result<Arguments> parse_arguments(const std::vector<std::string> &words,
                                  std::span<const VerbFlag> known) {
    Arguments arguments;
    const auto invalid = [](const std::string &text) {
        return Status(Code::invalid_argument, text);
    };
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string &word = words[i];
        if (word.size() < 2 || word[0] != '-') {
            arguments.words.push_back(word);
            continue;
        }
        const std::string text = word.substr(word[1] == '-' ? 2 : 1);
        const size_t equals = text.find('=');
        const std::string name = text.substr(0, equals);
        const auto flag = std::find_if(known.begin(), known.end(), [&](const VerbFlag &candidate) {
            return candidate.name == name;
        });
        if (flag == known.end()) return invalid("unknown flag " + word);
        std::string value;
        if (equals != std::string::npos) {
            if (!flag->takes_value) return invalid("--" + name + " takes no value");
            value = text.substr(equals + 1);
        } else if (flag->takes_value) {
            if (i + 1 == words.size()) return invalid("--" + name + " wants a value");
            value = words[++i];
        }
        if (!arguments.flags.emplace(name, std::move(value)).second) {
            return invalid("--" + name + " stands twice");
        }
    }
    return arguments;
}

}  // namespace varve::cli
