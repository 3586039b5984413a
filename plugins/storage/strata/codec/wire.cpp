#include "storage/strata/codec/wire.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kScaledNumberZerosMin = 3;
constexpr uint32_t kScaledNumberWidthMax = 58;  // of the zigzag number, beside 6 bits

}  // namespace

void put_number(std::string &out, uint64_t value) {
    const uint64_t plain = zigzag(value);
    const bool negative = value >> 63 != 0;
    const uint64_t size = negative ? 0 - value : value;
    uint32_t zeros = 0;
    while (size != 0 && zeros + 1 < kPowersOfTenCount && size % kPowersOfTen[zeros + 1] == 0) {
        ++zeros;
    }
    if (zeros >= kScaledNumberZerosMin) {
        const uint64_t scaled = size / kPowersOfTen[zeros];
        const uint64_t mantissa = zigzag(negative ? 0 - scaled : scaled);
        if (width_of(mantissa) <= kScaledNumberWidthMax) {
            return put_varint(out, mantissa << 6 | zeros << 1 | 1);
        }
    }
    // A number of 64 bits does not fit beside the flag: its lowest bits are the first byte.
    put_varint(out, (plain & 0x1f) << 1 | (plain >> 5 != 0 ? 0x40 : 0));
    if (plain >> 5 != 0) put_varint(out, plain >> 5);
}

uint64_t get_number(ByteReader &in) {
    const uint64_t first = get_varint(in);
    if ((first & 1) != 0) {
        const uint64_t zeros = first >> 1 & 0x1f;
        if (zeros >= kPowersOfTenCount) in.bytes(SIZE_MAX);
        return in.ok() ? unzigzag(first >> 6) * kPowersOfTen[zeros] : 0;
    }
    uint64_t plain = first >> 1 & 0x1f;
    if ((first & 0x40) != 0) plain |= get_varint(in) << 5;
    return unzigzag(plain);
}

Status damaged(const char *what) {
    return {Code::data_loss, std::string("column chunk is damaged: ") + what};
}

}  // namespace varve::strata
