// Reading and writing the little-endian bytes of the file formats, and their checksums.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace varve::strata {

static_assert(std::endian::native == std::endian::little,
              "the file formats are little-endian and written as they lie in memory");

// XXH3-64.
uint64_t checksum(std::string_view bytes, uint64_t seed);

// 128 random bits that name one file for ever.
struct Uuid {
    uint64_t low = 0;
    uint64_t high = 0;

    bool operator==(const Uuid &) const = default;
    // The seed of all checksums in that file: a part of another file never passes for one of this.
    uint64_t seed() const;
};

// Appends to a string.
class ByteWriter {
  public:
    explicit ByteWriter(std::string &out) : out_(out) {}

    template <typename T>
    void put(T value) {
        static_assert(std::is_trivially_copyable_v<T>);
        out_.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
    void bytes(std::string_view text) { out_.append(text); }
    // u32 length, then the bytes.
    void text(std::string_view text_) {
        put(static_cast<uint32_t>(text_.size()));
        out_.append(text_);
    }
    // LEB128: 7 bits a byte, lowest first.
    void varint(uint64_t value) {
        for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
        out_.push_back(static_cast<char>(value));
    }
    // Small magnitudes of either sign stay short.
    void zigzag(int64_t value) {
        varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
    }
    // Zero bytes up to a multiple of `alignment`, counted from the string's start.
    void align(size_t alignment) {
        out_.resize((out_.size() + alignment - 1) / alignment * alignment, '\0');
    }

  private:
    std::string &out_;
};

// Takes values off the front; after the first one that is not there, `ok` stays false and all
// values are zero or empty.
class ByteReader {
  public:
    explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    bool at_end() const { return at_ == bytes_.size(); }
    size_t position() const { return at_; }
    size_t left() const { return bytes_.size() - at_; }

    template <typename T>
    T get() {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        const std::string_view raw = bytes(sizeof value);
        if (ok_) std::memcpy(&value, raw.data(), sizeof value);
        return value;
    }
    std::string_view bytes(size_t size) {
        if (!ok_ || size > left()) {
            ok_ = false;
            return {};
        }
        const std::string_view found = bytes_.substr(at_, size);
        at_ += size;
        return found;
    }
    std::string_view text() { return bytes(get<uint32_t>()); }
    uint64_t varint() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = get<uint8_t>();
            value |= uint64_t{byte & 0x7fu} << shift;
            if (byte < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }
    uint32_t varint32() {
        const uint64_t value = varint();
        if (value > UINT32_MAX) ok_ = false;
        return ok_ ? static_cast<uint32_t>(value) : 0;
    }
    int64_t zigzag() {
        const uint64_t value = varint();
        return static_cast<int64_t>(value >> 1 ^ (0 - (value & 1)));
    }
    void align(size_t alignment) {
        const size_t next = (at_ + alignment - 1) / alignment * alignment;
        bytes(next - at_);
    }

  private:
    std::string_view bytes_;
    size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace varve::strata
