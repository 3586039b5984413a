#include "auth/base64.hpp"

#include <cstdint>

namespace varve::auth {
namespace {

// The six bits of a character; -1 if it is not in the alphabet.
int sextet(char c, Base64 alphabet) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (alphabet == Base64::url ? '-' : '+')) return 62;
    if (c == (alphabet == Base64::url ? '_' : '/')) return 63;
    return -1;
}

Status illegal(size_t at) {
    return {Code::invalid_argument, "illegal base64 data at input byte " + std::to_string(at)};
}

}  // namespace

Result<std::string> decode_base64(std::string_view text, Base64 alphabet) {
    size_t size = text.size();
    size_t padding = 0;
    while (padding < 2 && size > 0 && text[size - 1] == '=') {
        --size;
        ++padding;
    }
    std::string out;
    uint32_t bits = 0;
    for (size_t i = 0; i < size; ++i) {
        const int value = sextet(text[i], alphabet);
        if (value < 0) return illegal(i);
        bits = bits << 6 | static_cast<uint32_t>(value);
        if (i % 4 == 1) out += static_cast<char>(bits >> 4);
        if (i % 4 == 2) out += static_cast<char>(bits >> 2);
        if (i % 4 == 3) out += static_cast<char>(bits);
    }
    const size_t wanted = size % 4 == 0 ? 0 : 4 - size % 4;
    if (wanted == 3 || padding != wanted) return illegal(size);
    return out;
}

}  // namespace varve::auth
