#include "common/line_protocol/line_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fast_float/fast_float.h>

namespace varve::line_protocol {
namespace {

constexpr size_t kKeySizeMax = 65535;
constexpr size_t kKeySeparatorSize = 4;  // InfluxDB joins series key and field by four bytes

Status bad(std::string reason) {
    return {Code::invalid_argument, std::move(reason)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// One pass over the line, section by section.
class LineReader {
  public:
    LineReader(std::string_view text, bool unsigned_enabled, RawLine &line)
        : text_(text), unsigned_enabled_(unsigned_enabled), line_(line) {}

    Status read() {
        VARVE_RETURN_IF_ERROR(read_key());
        VARVE_RETURN_IF_ERROR(check_key());
        VARVE_RETURN_IF_ERROR(read_fields());
        for (const RawField &field : line_.fields) {
            const size_t size = line_.key.size() + kKeySeparatorSize + field.name.size();
            if (size > kKeySizeMax) return key_too_long(size);
        }
        return read_time();
    }

  private:
    bool at_end() const { return at_ >= text_.size(); }
    char here() const { return text_[at_]; }
    char before() const { return text_[at_ - 1]; }
    void skip_blanks() {
        while (!at_end() && is_blank(here())) ++at_;
    }
    static Status key_too_long(size_t size) {
        return bad("max key length exceeded: " + std::to_string(size) + " > " +
                   std::to_string(kKeySizeMax));
    }

    Status read_key() {
        if (at_end() || here() == ',') return bad("missing measurement");
        for (;;) {
            if (++at_ >= text_.size()) return bad("missing fields");
            if (before() == '\\') continue;
            if (here() == ',' || here() == ' ') break;
        }
        line_.measurement_size = at_;
        while (here() == ',') {
            ++at_;
            VARVE_RETURN_IF_ERROR(read_tag());
        }
        line_.key = text_.substr(0, at_);
        return {};
    }

    // Stops at the comma or space behind the value.
    Status read_tag() {
        if (at_end() || here() == ' ' || here() == ',' || here() == '=') {
            return bad("missing tag key");
        }
        const size_t key_from = at_;
        for (;;) {
            ++at_;
            if (at_end() || ((here() == ' ' || here() == ',') && before() != '\\')) {
                return bad("missing tag value");
            }
            if (here() == '=' && before() != '\\') break;
        }
        const std::string_view key = text_.substr(key_from, at_ - key_from);
        const size_t value_from = ++at_;
        if (at_end() || here() == ',' || here() == ' ') return bad("missing tag value");
        for (;;) {
            ++at_;
            if (at_end()) return bad("missing fields");
            if (before() == '\\') continue;
            if (here() == '=') return bad("invalid tag format");
            if (here() == ',' || here() == ' ') break;
        }
        line_.tags.emplace_back(key, text_.substr(value_from, at_ - value_from));
        return {};
    }

    Status check_key() {
        std::vector<std::string_view> names;
        names.reserve(line_.tags.size());
        for (const auto &[name, value] : line_.tags) names.push_back(name);
        std::sort(names.begin(), names.end());
        if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
            return bad("duplicate tags");
        }
        return line_.key.size() > kKeySizeMax ? key_too_long(line_.key.size()) : Status();
    }

    // Finds where the section ends and what is wrong with it as a whole, then takes it apart.
    Status read_fields() {
        skip_blanks();
        fields_from_ = at_;
        size_t equals = 0;
        size_t commas = 0;
        bool quoted = false;
        while (!at_end()) {
            const char c = here();
            if (c == '\\' && at_ + 1 < text_.size()) {
                at_ += 2;
                continue;
            }
            if (c == '"' && equals > commas) {
                quoted = !quoted;
                ++at_;
                continue;
            }
            if (c == '=' && !quoted) {
                ++equals;
                bool taken = false;
                VARVE_RETURN_IF_ERROR(check_value(taken));
                if (taken) continue;
            }
            if (c == ',' && !quoted) ++commas;
            if (c == ' ' && !quoted) break;
            ++at_;
        }
        if (quoted) return bad("unbalanced quotes");
        if (equals == 0 || commas != equals - 1) return bad("invalid field format");
        return split_fields(text_.substr(fields_from_, at_ - fields_from_));
    }

    // At the '=': the name before it must not be missing, the value behind it must be one. A number
    // or boolean is stepped over (`taken`).
    Status check_value(bool &taken) {
        const bool separated = before() == ' ' || before() == ',';
        const bool escaped = at_ >= 2 && text_[at_ - 2] == '\\';
        if (at_ == fields_from_ || (separated && !escaped)) return bad("missing field key");
        if (at_ + 1 >= text_.size()) return bad("missing field value");
        const char first = text_[at_ + 1];
        if (first == ',' || first == ' ') return bad("missing field value");
        if (first == '"') return {};
        taken = true;
        ++at_;
        const bool number =
            is_digit(first) || first == '.' || first == '-' || first == 'N' || first == 'n';
        return number ? check_number() : check_boolean();
    }

    Status check_number() {
        const Status invalid = bad("invalid number");
        const size_t from = at_;
        if (here() == '-' && ++at_ == text_.size()) return invalid;
        bool integer = false;
        bool unsigned_integer = false;
        bool decimal = false;
        bool scientific = false;
        for (; !at_end() && here() != ',' && here() != ' '; ++at_) {
            const char c = here();
            if ((c == 'i' || c == 'u') && at_ > from && !integer && !unsigned_integer) {
                (c == 'i' ? integer : unsigned_integer) = true;
                continue;
            }
            if (at_ > from && (c == 'e' || c == 'E')) {
                scientific = true;
                continue;
            }
            if ((c == '+' || c == '-') && (before() == 'e' || before() == 'E')) continue;
            if (c == '.') {
                if (decimal) return invalid;
                decimal = true;
            } else if (!is_digit(c)) {
                return invalid;
            }
        }
        if ((integer || unsigned_integer) && (decimal || scientific)) return invalid;
        const std::string_view number = text_.substr(from, at_ - from);
        size_t digits = number.size();
        digits -= (integer ? 1 : 0) + (decimal ? 1 : 0) + (number[0] == '-' ? 1 : 0);
        if (digits == 0) return invalid;
        if (integer || unsigned_integer) return check_integer(number, unsigned_integer);
        double ignored = 0;
        return parse_float(number, ignored) ? Status() : bad("invalid float");
    }

    Status check_integer(std::string_view number, bool unsigned_integer) {
        const Status invalid = bad("invalid number");
        if (number.back() != (unsigned_integer ? 'u' : 'i')) return invalid;
        const std::string digits(number.substr(0, number.size() - 1));
        const char *end = digits.data() + digits.size();
        if (unsigned_integer) {
            if (!unsigned_enabled_ || digits.empty() || digits[0] == '-') return invalid;
            uint64_t value = 0;
            if (std::from_chars(digits.data(), end, value).ec == std::errc()) return {};
            return bad("unable to parse unsigned " + digits + ": strconv.ParseUint: parsing \"" +
                       digits + "\": value out of range");
        }
        int64_t value = 0;
        if (std::from_chars(digits.data(), end, value).ec == std::errc()) return {};
        return bad("unable to parse integer " + digits + ": strconv.ParseInt: parsing \"" + digits +
                   "\": value out of range");
    }

    // Go's float syntax, as far as check_number let it pass; false if out of range or cut short
    // ("1e").
    static bool parse_float(std::string_view number, double &out) {
        const char *end = number.data() + number.size();
        const auto [stopped, error] =
            fast_float::from_chars(number.data(), end, out, fast_float::chars_format::general);
        return error == std::errc() && stopped == end && std::isfinite(out);
    }

    Status check_boolean() {
        const size_t from = at_;
        while (!at_end() && here() != ',' && here() != ' ') ++at_;
        bool ignored = false;
        return parse_boolean(text_.substr(from, at_ - from), ignored) ? Status()
                                                                      : bad("invalid boolean");
    }

    static bool parse_boolean(std::string_view text, bool &out) {
        for (const char *name : {"t", "T", "true", "True", "TRUE"}) {
            if (text == name) return out = true;
        }
        out = false;
        for (const char *name : {"f", "F", "false", "False", "FALSE"}) {
            if (text == name) return true;
        }
        return false;
    }

    Status split_fields(std::string_view section) {
        for (size_t at = 0; at < section.size();) {
            RawField field;
            const size_t name_from = at;
            while (at < section.size() &&
                   !(section[at] == '=' && (at == 0 || section[at - 1] != '\\'))) {
                ++at;
            }
            field.name = section.substr(name_from, at - name_from);
            if (at + 2 > section.size()) {
                return bad("invalid value: field-key=" + std::string(field.name));
            }
            const size_t value_from = ++at;
            for (bool quoted = false; at < section.size(); ++at) {
                const char c = section[at];
                const bool escape = c == '\\' && at + 1 < section.size() &&
                                    (section[at + 1] == '"' || section[at + 1] == '\\');
                if (escape) {
                    ++at;
                } else if (c == '"') {
                    quoted = !quoted;
                } else if (c == ',' && !quoted) {
                    break;
                }
            }
            at = std::min(at, section.size());
            VARVE_RETURN_IF_ERROR(convert(section.substr(value_from, at - value_from), field));
            line_.fields.push_back(field);
            ++at;
        }
        return {};
    }

    static Status convert(std::string_view value, RawField &field) {
        if (value.empty()) return bad("missing field value");
        const char first = value[0];
        const char *end = value.data() + value.size();
        field.as_uint = 0;
        if (first == '"') {
            if (value.size() < 2) return bad("unbalanced quotes");
            field.type = VARVE_TYPE_STRING;
            field.text = value.substr(1, value.size() - 2);
        } else if (!is_digit(first) && first != '-' && first != '.') {
            field.type = VARVE_TYPE_BOOLEAN;
            bool flag = false;
            if (!parse_boolean(value, flag)) return bad("invalid boolean");
            field.as_uint = flag ? 1 : 0;
        } else if (value.back() == 'i') {
            field.type = VARVE_TYPE_INT64;
            std::from_chars(value.data(), end - 1, field.as_int);
        } else if (value.back() == 'u') {
            field.type = VARVE_TYPE_UINT64;
            std::from_chars(value.data(), end - 1, field.as_uint);
        } else {
            field.type = VARVE_TYPE_FLOAT64;
            if (!parse_float(value, field.as_float)) return bad("invalid float");
            const size_t point = value.find('.');
            const bool plain = value.find_first_of("eE") == std::string_view::npos;
            const size_t decimals = point == std::string_view::npos ? 0 : value.size() - point - 1;
            field.decimals = plain && decimals < VARVE_DECIMALS_UNKNOWN
                                 ? static_cast<uint8_t>(decimals)
                                 : VARVE_DECIMALS_UNKNOWN;
        }
        return {};
    }

    Status read_time() {
        skip_blanks();
        const size_t from = at_;
        while (!at_end() && here() != ' ') {
            if (here() == '\n') break;
            if (!(at_ == from && here() == '-') && !is_digit(here())) return bad("bad timestamp");
            ++at_;
        }
        const std::string_view digits = text_.substr(from, at_ - from);
        line_.has_time = !digits.empty();
        if (!line_.has_time) return {};
        const auto parsed =
            std::from_chars(digits.data(), digits.data() + digits.size(), line_.time);
        if (parsed.ec != std::errc()) {
            const bool syntax = parsed.ec == std::errc::invalid_argument;
            return bad("strconv.ParseInt: parsing \"" + std::string(digits) +
                       (syntax ? "\": invalid syntax" : "\": value out of range"));
        }
        while (!at_end()) {
            if (text_[at_++] != ' ') return bad("point is invalid");
        }
        return {};
    }

    const std::string_view text_;
    const bool unsigned_enabled_;
    RawLine &line_;
    size_t at_ = 0;
    size_t fields_from_ = 0;
};

void unescape(std::string_view text, std::string_view escaped, std::string &out) {
    out.clear();
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() &&
            escaped.find(text[i + 1]) != std::string_view::npos) {
            ++i;
        }
        out += text[i];
    }
}

}  // namespace

size_t find_line_end(std::string_view body, size_t from) {
    bool in_fields = false;
    bool quoted = false;
    size_t equals = 0;
    size_t commas = 0;
    size_t at = from;
    for (; at < body.size(); ++at) {
        const char c = body[at];
        if (c == '\\' && at + 2 < body.size()) {
            ++at;
        } else if (c == ' ') {
            in_fields = true;
        } else if (in_fields && !quoted && c == '=') {
            ++equals;
        } else if (in_fields && !quoted && c == ',') {
            ++commas;
        } else if (in_fields && c == '"' && equals > commas) {
            quoted = !quoted;
        } else if (c == '\n' && !quoted) {
            break;
        }
    }
    return std::min(at, body.size());
}

Status read_line(std::string_view text, bool unsigned_enabled, RawLine &line) {
    line.tags.clear();
    line.fields.clear();
    return LineReader(text, unsigned_enabled, line).read();
}

void unescape_measurement(std::string_view text, std::string &out) {
    unescape(text, ", ", out);
}
void unescape_name(std::string_view text, std::string &out) {
    unescape(text, ",= ", out);
}
void unescape_string(std::string_view text, std::string &out) {
    unescape(text, "\"\\", out);
}

}  // namespace varve::line_protocol
