// Values in MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md), each in its
// shortest form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::query::encode {

class MsgpackWriter {
  public:
    const std::string &bytes() const { return bytes_; }
    void clear() { bytes_.clear(); }
    // What another writer has written.
    void append(const MsgpackWriter &other) { bytes_ += other.bytes_; }

    void begin_map(size_t entries);
    void begin_array(size_t entries);
    void text(std::string_view text);
    void integer(int64_t value);
    void unsigned_integer(uint64_t value);
    void number(double value);
    void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
    void null() { byte(0xc0); }
    // InfluxDB's extension type 5.
    void time(int64_t time_ns);

  private:
    void byte(unsigned value) { bytes_ += static_cast<char>(value); }
    // A marker, then the number's lowest `size` bytes, big-endian.
    void sized(unsigned marker, uint64_t value, unsigned size);

    std::string bytes_;
};

}  // namespace varve::query::encode
