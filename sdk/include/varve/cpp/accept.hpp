// Which of the forms that answers have an Accept header asks for.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

namespace varve {

namespace accept {

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// The encoder for a media type; empty if there is none.
inline std::string_view format_of(std::string_view type) {
    if (type == "application/json" || type == "*/*" || type == "application/*") return "json";
    if (type == "text/csv" || type == "text/*") return "csv";
    if (type == "application/csv") return "application/csv";
    if (type == "application/x-msgpack") return "msgpack";
    return "";
}

// The weight among a media type's parameters, `;q=0.5`; 1 if there is none.
inline double weight_of(std::string_view parameters) {
    const size_t at = parameters.find("q=");
    if (at == std::string_view::npos) return 1;
    double weight = 1;
    std::from_chars(parameters.data() + at + 2, parameters.data() + parameters.size(), weight);
    return weight;
}

}  // namespace accept

// The known type with the highest weight, the first of several: "json", "csv", "application/csv"
// (csv under that name) or "msgpack"; JSON if none is known.
inline std::string_view answer_format(std::string_view accept_header) {
    std::string_view best = "json";
    double best_weight = 0;
    for (size_t from = 0, to = 0; from < accept_header.size(); from = to + 1) {
        to = std::min(accept_header.find(',', from), accept_header.size());
        const std::string_view entry = accept_header.substr(from, to - from);
        const size_t semicolon = std::min(entry.find(';'), entry.size());
        const std::string_view format =
            accept::format_of(accept::trimmed(entry.substr(0, semicolon)));
        const double weight = accept::weight_of(entry.substr(semicolon));
        if (!format.empty() && weight > best_weight) {
            best = format;
            best_weight = weight;
        }
    }
    return best;
}

}  // namespace varve
