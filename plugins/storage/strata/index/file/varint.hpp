// Unsigned numbers, seven bits a byte, least first; the top bit says that another byte follows.
//
//   300 = 0b10'0101100  ->  1010'1100 0000'0010
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::strata {

inline void put_varint(uint64_t value, std::string &out) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

// Takes numbers and bytes off the front. After the first one that is not there, `ok` stays false
// and everything is zero or empty.
class VarintReader {
  public:
    VarintReader() = default;
    explicit VarintReader(std::string_view bytes)
        : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    bool ok() const { return ok_; }
    size_t left() const { return static_cast<size_t>(end_ - at_); }

    uint64_t get() {
        if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) return static_cast<uint8_t>(*at_++);
        return get_long();
    }
    // As get, for what must be a 32-bit number.
    uint32_t get_u32() {
        const uint64_t value = get();
        if (value <= UINT32_MAX) return static_cast<uint32_t>(value);
        fail();
        return 0;
    }
    std::string_view bytes(uint64_t size) {
        if (size > left()) {
            fail();
            return {};
        }
        const std::string_view found(at_, size);
        at_ += size;
        return found;
    }
    void skip(uint64_t count) {
        for (; count > 0 && ok_; --count) get();
    }

  private:
    void fail() {
        ok_ = false;
        at_ = end_;
    }
    uint64_t get_long() {
        uint64_t value = 0;
        for (uint32_t shift = 0; shift < 64 && at_ != end_; shift += 7) {
            const auto byte = static_cast<uint8_t>(*at_++);
            value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        fail();
        return 0;
    }

    const char *at_ = nullptr;
    const char *end_ = nullptr;
    bool ok_ = true;
};

}  // namespace varve::strata
