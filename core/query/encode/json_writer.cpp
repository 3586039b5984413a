#include "query/encode/json_writer.hpp"

#include <cmath>

#include "query/encode/number_text.hpp"

namespace varve::query::encode {

namespace {

// The size of the UTF-8 sequence at the front; 0 = it is none.
size_t sequence_size(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const size_t size = lead >= 0xF0 && lead < 0xF5   ? 4
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                                                      : 0;
    if (size == 0 || size > text.size()) return 0;
    for (size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    // Overlong forms, surrogates, beyond the last code point.
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return size;
}

void append_escaped(unsigned char c, std::string &out) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    static constexpr char digits[] = "0123456789abcdef";
    out += "\\u00";
    out += digits[c >> 4];
    out += digits[c & 15];
}

}  // namespace

void append_json_string(std::string_view text, std::string &out) {
    out += '"';
    for (size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x80) {
            const bool plain =
                c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
            if (plain) {
                out += static_cast<char>(c);
            } else {
                append_escaped(c, out);
            }
            ++i;
            continue;
        }
        const size_t size = sequence_size(text.substr(i));
        const std::string_view sequence = text.substr(i, size);
        if (size == 0) {
            out += "\\ufffd";
        } else if (sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9") {
            out += sequence == "\xE2\x80\xA8" ? "\\u2028" : "\\u2029";
        } else {
            out += sequence;
        }
        i += size == 0 ? 1 : size;
    }
    out += '"';
}

void JsonWriter::indent() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(has_items_.size() * 4, ' ');
}

void JsonWriter::separate() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (has_items_.empty()) return;
    if (has_items_.back()) out_ += ',';
    has_items_.back() = true;
    indent();
}

void JsonWriter::open(char c) {
    separate();
    out_ += c;
    has_items_.push_back(false);
}

void JsonWriter::close(char c) {
    const bool had_items = has_items_.back();
    has_items_.pop_back();
    if (had_items) indent();
    out_ += c;
}

void JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(name, out_);
    out_ += pretty_ ? ": " : ":";
    after_key_ = true;
}

void JsonWriter::text(std::string_view value) {
    separate();
    append_json_string(value, out_);
}

void JsonWriter::integer(int64_t value) {
    separate();
    append_integer(value, out_);
}

void JsonWriter::unsigned_integer(uint64_t value) {
    separate();
    append_unsigned(value, out_);
}

void JsonWriter::number(double value) {
    if (std::isnan(value)) return null();
    separate();
    append_json_float(value, out_);
}

void JsonWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
}

void JsonWriter::null() {
    separate();
    out_ += "null";
}

}  // namespace varve::query::encode
