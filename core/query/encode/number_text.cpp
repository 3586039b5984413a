#include "query/encode/number_text.hpp"

#include <charconv>
#include <cmath>

namespace varve::query::encode {

namespace {

constexpr size_t kFloatSizeMax = 400;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

template <typename... Args>
void append(std::string &out, Args... args) {
    char text[kFloatSizeMax];
    const auto end = std::to_chars(text, text + sizeof text, args...).ptr;
    out.append(text, static_cast<size_t>(end - text));
}

}  // namespace

void append_json_float(double value, std::string &out) {
    const double size = std::fabs(value);
    if (size == 0 || (size >= 1e-6 && size < 1e21)) return append_plain_float(value, out);
    append(out, value, std::chars_format::scientific);
    // "1e-07" is written "1e-7".
    const size_t at = out.size();
    if (out[at - 4] == 'e' && out[at - 3] == '-' && out[at - 2] == '0') out.erase(at - 2, 1);
}

void append_plain_float(double value, std::string &out) {
    if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
        return;
    }
    if (std::fabs(value) < kExactIntegers) return append(out, value, std::chars_format::fixed);
    // Above, to_chars would write the exact integer; wanted are the shortest digits, then zeros.
    const size_t start = out.size();
    append(out, value, std::chars_format::scientific);
    const size_t exponent_at = out.find('e', start);
    size_t zeros = 0;
    std::from_chars(out.data() + exponent_at + 2, out.data() + out.size(), zeros);
    out.resize(exponent_at);
    const size_t dot = out.find('.', start);
    if (dot != std::string::npos) {
        zeros -= out.size() - dot - 1;
        out.erase(dot, 1);
    }
    out.append(zeros, '0');
}

void append_integer(int64_t value, std::string &out) {
    append(out, value);
}
void append_unsigned(uint64_t value, std::string &out) {
    append(out, value);
}

}  // namespace varve::query::encode
