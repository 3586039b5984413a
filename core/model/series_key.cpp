#include "model/series_key.hpp"

namespace varve {
namespace {

// A backslash at the end would swallow the separator behind it.
Status check_name(std::string_view name) {
    if (!name.empty() && name.back() != '\\') return {};
    return {Code::invalid_argument, name.empty() ? "a measurement or tag key is empty"
                                                 : "a measurement or tag ends in a backslash"};
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

}  // namespace varve
