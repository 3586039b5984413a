// JSON text, as Go's encoding/json writes it: '<', '>', '&' escaped, bytes that are no UTF-8
// replaced, optionally indented by four spaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve::query::encode {

void append_json_string(std::string_view text, std::string &out);

class JsonWriter {
  public:
    explicit JsonWriter(bool pretty) : pretty_(pretty) {}

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void text(std::string_view value);
    void integer(int64_t value);
    void unsigned_integer(uint64_t value);
    void number(double value);  // NaN is null
    void boolean(bool value);
    void null();
    void newline() { out_ += '\n'; }

    std::string &bytes() { return out_; }

  private:
    void separate() {
        if (after_key_) {
            after_key_ = false;
            return;
        }
        if (has_items_.empty()) return;
        if (has_items_.back() != 0) out_ += ',';
        has_items_.back() = 1;
        if (pretty_) indent();
    }
    void indent();
    void open(char c);
    void close(char c);

    bool pretty_;
    bool after_key_ = false;
    std::vector<uint8_t> has_items_;  // per open object or array: 0 or 1
    std::string out_;
};

}  // namespace varve::query::encode
