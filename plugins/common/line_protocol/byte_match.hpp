// Comparing short runs of bytes without a call.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace varve::line_protocol {

static_assert(std::endian::native == std::endian::little);

inline uint64_t load_eight(const char *p) {
    uint64_t bytes;
    std::memcpy(&bytes, p, 8);
    return bytes;
}

// Whether `size` bytes are the same. Eight bytes at either position may be read.
inline bool same_bytes(const char *a, const char *b, size_t size) {
    if (size < 8) {
        return size == 0 || (load_eight(a) ^ load_eight(b)) << (64 - 8 * size) == 0;
    }
    if (size > 128) return std::memcmp(a, b, size) == 0;
    // Steps of sixteen, then the last sixteen or eight, which may overlap.
    size_t at = 0;
    for (; at + 16 <= size; at += 16) {
        const uint64_t low = load_eight(a + at) ^ load_eight(b + at);
        const uint64_t high = load_eight(a + at + 8) ^ load_eight(b + at + 8);
        if ((low | high) != 0) return false;
    }
    if (at + 8 < size && load_eight(a + at) != load_eight(b + at)) return false;
    return load_eight(a + size - 8) == load_eight(b + size - 8);
}

// The same for texts that may end where their memory ends.
inline bool same_text(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (a.size() >= 8) return same_bytes(a.data(), b.data(), a.size());
    for (size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

}  // namespace varve::line_protocol
