#include "write/copies/target_name.hpp"

#include <bit>
#include <charconv>

namespace varve {

namespace {

constexpr std::string_view kSeriesName = ":series_name";

void append_named(std::string &out, std::string_view text, std::string_view series) {
    for (size_t at = 0;;) {
        const size_t next = text.find(kSeriesName, at);
        out += text.substr(at, next - at);
        if (next == text.npos) return;
        out += series;
        at = next + kSeriesName.size();
    }
}

}  // namespace

TargetName::TargetName(std::string_view text) {
    size_t at = 0;
    for (;;) {
        const size_t open = text.find('[', at);
        const size_t close = open == text.npos ? text.npos : text.find(']', open);
        if (close == text.npos) break;
        around_.emplace_back(text.substr(at, open - at));
        columns_.emplace_back(text.substr(open + 1, close - open - 1));
        at = close + 1;
    }
    around_.emplace_back(text.substr(at));
}

std::string TargetName::name(std::string_view series, std::span<const std::string> values) const {
    std::string out;
    for (size_t i = 0; i < around_.size(); ++i) {
        append_named(out, around_[i], series);
        if (i < columns_.size()) out += values[i];
    }
    return out;
}

std::string name_text(const RowBatch::Value &value) {
    char digits[512];  // the longest number: 309 digits before the point
    const auto text_of = [&](auto number) {
        return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    };
    switch (value.type) {
        case VARVE_TYPE_FLOAT64: {
            const auto number = std::bit_cast<double>(value.bits);
            const auto end =
                std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed);
            return {digits, end.ptr};
        }
        case VARVE_TYPE_INT64:
            return text_of(static_cast<int64_t>(value.bits));
        case VARVE_TYPE_UINT64:
            return text_of(value.bits);
        case VARVE_TYPE_BOOLEAN:
            return value.bits != 0 ? "true" : "false";
        default:
            return std::string(value.text);
    }
}

}  // namespace varve
