#include "query/encode/msgpack_writer.hpp"

#include <bit>

namespace varve::query::encode {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr unsigned kTimeExtension = 5;

}  // namespace

void MsgpackWriter::sized(unsigned marker, uint64_t value, unsigned size) {
    byte(marker);
    for (unsigned shift = size * 8; shift != 0; shift -= 8) byte(value >> (shift - 8) & 0xff);
}

void MsgpackWriter::begin_map(size_t entries) {
    if (entries < 16) return byte(0x80 | static_cast<unsigned>(entries));
    if (entries <= UINT16_MAX) return sized(0xde, entries, 2);
    sized(0xdf, entries, 4);
}

void MsgpackWriter::begin_array(size_t entries) {
    if (entries < 16) return byte(0x90 | static_cast<unsigned>(entries));
    if (entries <= UINT16_MAX) return sized(0xdc, entries, 2);
    sized(0xdd, entries, 4);
}

void MsgpackWriter::text(std::string_view text) {
    if (text.size() < 32) {
        byte(0xa0 | static_cast<unsigned>(text.size()));
    } else if (text.size() <= UINT8_MAX) {
        sized(0xd9, text.size(), 1);
    } else if (text.size() <= UINT16_MAX) {
        sized(0xda, text.size(), 2);
    } else {
        sized(0xdb, text.size(), 4);
    }
    bytes_ += text;
}

void MsgpackWriter::integer(int64_t value) {
    const auto bits = static_cast<uint64_t>(value);
    if (value >= -32 && value <= INT8_MAX) return byte(static_cast<unsigned>(bits & 0xff));
    if (value >= INT8_MIN && value <= INT8_MAX) return sized(0xd0, bits, 1);
    if (value >= INT16_MIN && value <= INT16_MAX) return sized(0xd1, bits, 2);
    if (value >= INT32_MIN && value <= INT32_MAX) return sized(0xd2, bits, 4);
    sized(0xd3, bits, 8);
}

void MsgpackWriter::unsigned_integer(uint64_t value) {
    if (value <= INT8_MAX) return byte(static_cast<unsigned>(value));
    if (value <= UINT8_MAX) return sized(0xcc, value, 1);
    if (value <= UINT16_MAX) return sized(0xcd, value, 2);
    if (value <= UINT32_MAX) return sized(0xce, value, 4);
    sized(0xcf, value, 8);
}

void MsgpackWriter::number(double value) {
    sized(0xcb, std::bit_cast<uint64_t>(value), 8);
}

void MsgpackWriter::time(int64_t time_ns) {
    int64_t seconds = time_ns / kNsPerSecond;
    int64_t rest_ns = time_ns % kNsPerSecond;
    if (rest_ns < 0) {
        --seconds;
        rest_ns += kNsPerSecond;
    }
    byte(0xc7);
    byte(12);
    sized(kTimeExtension, static_cast<uint64_t>(seconds), 8);
    for (unsigned shift = 32; shift != 0; shift -= 8) {
        byte(static_cast<uint64_t>(rest_ns) >> (shift - 8) & 0xff);
    }
}

}  // namespace varve::query::encode
