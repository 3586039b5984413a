#include "query/encode/number_text.hpp"

#include <charconv>
#include <cmath>

namespace varve::query::encode {

namespace {

constexpr size_t kFloatSizeMax = 400;

template <typename... Args>
void append(std::string &out, Args... args) {
    char text[kFloatSizeMax];
    const auto end = std::to_chars(text, text + sizeof text, args...).ptr;
    out.append(text, static_cast<size_t>(end - text));
}

}  // namespace

void append_json_float(double value, std::string &out) {
    const double size = std::fabs(value);
    if (size == 0 || (size >= 1e-6 && size < 1e21)) {
        append(out, value, std::chars_format::fixed);
        return;
    }
    append(out, value, std::chars_format::scientific);
    // "1e-07" is written "1e-7".
    const size_t at = out.size();
    if (out[at - 4] == 'e' && out[at - 3] == '-' && out[at - 2] == '0') out.erase(at - 2, 1);
}

void append_plain_float(double value, std::string &out) {
    append(out, value, std::chars_format::fixed);
}

void append_integer(int64_t value, std::string &out) {
    append(out, value);
}
void append_unsigned(uint64_t value, std::string &out) {
    append(out, value);
}

}  // namespace varve::query::encode
