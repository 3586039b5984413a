#include "inputs/http/responder.hpp"

namespace varve {
namespace {

// How many bytes of well-formed UTF-8 begin here; 0 if none do.
size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    size_t length = 0;
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    if (lead >= 0xE0 && lead <= 0xEF) length = 3;
    if (lead >= 0xF0 && lead <= 0xF4) length = 4;
    if (length == 0 || length > text.size()) return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    // Overlong forms, surrogates and what lies above U+10FFFF.
    const unsigned char second = byte(1);
    const bool bad = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    return bad ? 0 : length;
}

}  // namespace

std::string Responder::escaped(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    while (!text.empty()) {
        const size_t length = utf8_length(text);
        const auto lead = static_cast<unsigned char>(text[0]);
        if (length == 0) {
            out += "\\ufffd";
        } else if (length > 1) {
            out += text.substr(0, length);
        } else if (lead == '"' || lead == '\\') {
            out += {'\\', text[0]};
        } else if (lead == '\n' || lead == '\r' || lead == '\t') {
            out += lead == '\n' ? "\\n" : lead == '\r' ? "\\r" : "\\t";
        } else if (lead < 0x20 || lead == '<' || lead == '>' || lead == '&') {
            out += "\\u00";
            out += {kHex[lead >> 4], kHex[lead & 15]};
        } else {
            out += text[0];
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace varve
