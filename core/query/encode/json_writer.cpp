#include "query/encode/json_writer.hpp"

#include <array>
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

// Stands in JSON as it is.
bool is_plain(char c) {
    static constexpr auto table = [] {
        std::array<bool, 256> plain{};
        for (size_t i = 0x20; i < 0x80; ++i) plain[i] = true;
        for (const char special : {'"', '\\', '<', '>', '&'}) {
            plain[static_cast<unsigned char>(special)] = false;
        }
        return plain;
    }();
    return table[static_cast<unsigned char>(c)];
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
        size_t plain_end = i;
        while (plain_end < text.size() && is_plain(text[plain_end])) ++plain_end;
        out.append(text, i, plain_end - i);
        i = plain_end;
        if (i == text.size()) break;
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x80) {
            append_escaped(c, out);
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
    out_ += '\n';
    out_.append(has_items_.size() * 4, ' ');
}

void JsonWriter::open(char c) {
    separate();
    out_ += c;
    has_items_.push_back(0);
}

void JsonWriter::close(char c) {
    const bool had_items = has_items_.back() != 0;
    has_items_.pop_back();
    if (had_items && pretty_) indent();
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
