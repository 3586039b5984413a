// Reads one line by the book, with InfluxDB's words for what is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <varve/batch.h>
#include <varve/cpp/status.hpp>

namespace varve::line_protocol {

// A field as written; texts point into the line.
struct RawField {
    std::string_view name;  // escaped
    uint32_t type = VARVE_TYPE_FLOAT64;
    union {
        double as_float;
        int64_t as_int;
        uint64_t as_uint;
    };
    uint8_t decimals = 0;   // of a float: digits behind the point
    std::string_view text;  // of a string: between the quotes, escaped
};

struct RawLine {
    std::string_view key;  // measurement and tags, as written
    size_t measurement_size = 0;
    std::vector<std::pair<std::string_view, std::string_view>> tags;  // escaped, as written
    std::vector<RawField> fields;
    bool has_time = false;
    int64_t time = 0;  // in units of the precision
};

// The end of the line that starts at `from`: the position of its newline, or the body's end.
// Newlines in quoted values and behind a backslash belong to the line.
size_t find_line_end(std::string_view body, size_t from);

// Reads a line without its newline and leading blanks. `line` keeps its memory between calls.
Status read_line(std::string_view text, bool unsigned_enabled, RawLine &line);

// Blanks that may stand before a section.
inline bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\0';
}

// Without the backslashes before , and space (measurement), or also before = (tags, field names).
void unescape_measurement(std::string_view text, std::string &out);
void unescape_name(std::string_view text, std::string &out);
// Of a string value: without the backslashes before " and \.
void unescape_string(std::string_view text, std::string &out);

}  // namespace varve::line_protocol
