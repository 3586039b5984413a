// {"error":"TEXT"}, pretty or not; error\nTEXT\n with CSV's quotes where it needs them; a
// MessagePack map of one entry, "error" and the text.
#include "kernel/http/codec/error_document.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "kernel/http/http.hpp"

namespace varve::http {
namespace {

constexpr std::string_view kCsvStart = "error\n";
constexpr std::string_view kMsgpackStart =
    "\x81\xa5"
    "error";

void append_utf8(std::string &out, uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

// Behind the first line: the text up to the line's end, or inside quotes.
std::string csv_error_text(std::string_view csv, size_t bytes_max) {
    if (!csv.starts_with('"')) return std::string(csv.substr(0, csv.find('\n')));
    std::string out;
    for (size_t i = 1; i < csv.size() && out.size() < bytes_max; ++i) {
        if (csv[i] == '"' && (++i >= csv.size() || csv[i] != '"')) break;
        out += csv[i];
    }
    return out;
}

// A str of up to 31 bytes, str 8, str 16 or str 32; all that is behind its length is the text.
std::string_view msgpack_error_text(std::string_view msgpack) {
    const auto type = msgpack.empty() ? uint8_t{0} : static_cast<uint8_t>(msgpack[0]);
    size_t head = 0;
    if ((type & 0xE0) == 0xA0) head = 1;
    if (type >= 0xD9 && type <= 0xDB) head = 1 + (size_t{1} << (type - 0xD9));
    return head == 0 ? std::string_view() : msgpack.substr(std::min(head, msgpack.size()));
}

std::string json_error_text(std::string_view json, size_t bytes_max) {
    std::string out;
    size_t start = 0;
    for (const std::string_view opening : {"{\"error\":\"", "{\n    \"error\": \""}) {
        if (json.starts_with(opening)) start = opening.size();
    }
    if (start == 0) return out;
    for (size_t i = start; i < json.size() && json[i] != '"' && out.size() < bytes_max; ++i) {
        if (json[i] != '\\' || i + 1 >= json.size()) {
            out += json[i];
            continue;
        }
        switch (json[++i]) {
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case 't':
                out += '\t';
                break;
            case 'b':
                out += '\b';
                break;
            case 'f':
                out += '\f';
                break;
            case 'u': {
                uint32_t code = 0;
                const char *digits = json.data() + i + 1;
                if (i + 4 < json.size() &&
                    std::from_chars(digits, digits + 4, code, 16).ec == std::errc()) {
                    append_utf8(out, code);
                    i += 4;
                }
                break;
            }
            default:
                out += json[i];
        }
    }
    return out;
}

std::string csv_document(std::string_view text) {
    std::string out(kCsvStart);
    if (text.find_first_of(",\"\r\n") == text.npos && !text.starts_with(' ')) {
        return out.append(text) += '\n';
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out += "\"\n";
}

std::string msgpack_document(std::string_view text) {
    std::string out(kMsgpackStart);
    const size_t size = text.size();
    int length_bytes = 4;
    if (size < 32) {
        out += static_cast<char>(0xA0 | size);
        length_bytes = 0;
    } else if (size < 0x100) {
        out += '\xd9';
        length_bytes = 1;
    } else if (size < 0x10000) {
        out += '\xda';
        length_bytes = 2;
    } else {
        out += '\xdb';
    }
    for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i));
    return out.append(text);
}

}  // namespace

std::string error_text(std::string_view document, size_t bytes_max) {
    std::string out;
    if (document.starts_with(kCsvStart)) {
        out = csv_error_text(document.substr(kCsvStart.size()), bytes_max);
    } else if (document.starts_with(kMsgpackStart)) {
        out = msgpack_error_text(document.substr(kMsgpackStart.size()));
    } else {
        out = json_error_text(document, bytes_max);
    }
    if (out.size() > bytes_max) out.resize(bytes_max);
    return out;
}

std::string error_document(std::string_view format, std::string_view text) {
    if (format == "msgpack") return msgpack_document(text);
    if (format == "csv" || format == "application/csv") return csv_document(text);
    return "{\"error\":\"" + json_escaped(text) + "\"}\n";
}

std::string_view document_type(std::string_view format) {
    if (format == "msgpack") return "application/x-msgpack";
    if (format == "csv") return "text/csv";
    return format == "application/csv" ? format : "application/json";
}

}  // namespace varve::http
