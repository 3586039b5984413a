// Small functions on header texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::http {

inline char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
    }
    return true;
}

inline std::string_view trimmed_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Control characters become spaces, so that a text cannot end a header line.
std::string header_safe(std::string_view text);

// Whether this value of Accept-Encoding accepts gzip: named (or "*") with a weight above 0.
bool accepts_gzip(std::string_view accept_encoding);

// A new version-1 UUID as text: time, a counter, a random node. Thread-safe, never repeats.
std::string new_uuid_v1();

// "Sun, 22 Nov 2026 22:23:44 GMT" now; formatted once per second and thread.
std::string_view http_date_now();

// "Not Found" for 404; "Status" for numbers it does not know.
std::string_view reason_phrase(unsigned status);

}  // namespace varve::http
