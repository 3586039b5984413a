// Doubles, bit for bit.
//
//   u8 form
//     decimal      u8 exponent e; varint exceptions; the digits d of all values as an integer
//     stream
//                  (ints.hpp): value = d / 10^e, correctly rounded. If there are exceptions: their
//                  places as an integer stream of gaps, then the bits of their values as another.
//     bits         the bit patterns as an integer stream, in the order of the numbers: patterns of
//                  negative numbers have all bits but the sign flipped
//     raw          8 bytes a value
//
// Whatever was printed with at most 15 significant digits is decimal: digits divided by the power
// of ten are the double nearest to the text, which is what a parser made of it. NaN, infinities,
// -0.0 and numbers with more digits are exceptions; their digits repeat the ones before.
//
// The exponent is the one that suits most of a sample; every value is compared bit for bit when it
// is encoded. Digits that share a power of ten or another divisor (bytes in blocks of 4096) lose it
// in the integer stream.
#include <algorithm>
#include <array>
#include <cstring>

#include "storage/strata/codec/ints.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {
namespace {

enum class FloatForm : uint8_t { decimal, bits, raw };

constexpr uint32_t kSampleValues = 64;
constexpr uint32_t kExceptionShare = 4;  // decimal is given up when more than 1 in 4 is none

uint64_t ordered(uint64_t bits) {
    return bits ^ ((0 - (bits >> 63)) >> 1);
}

// The exponent that makes most of the sample decimal, and how many it leaves.
uint32_t choose_exponent(const double *values, uint32_t count, uint32_t &bad_count,
                         uint32_t &sampled) {
    std::array<double, kSampleValues> sample;
    std::array<uint64_t, kSampleValues> digits;
    std::array<uint8_t, kSampleValues> bad;
    sampled = std::min(count, kSampleValues);
    for (uint32_t i = 0; i < sampled; ++i) {
        sample[i] = values[static_cast<uint64_t>(i) * count / sampled];
    }
    uint32_t best = 0;
    bad_count = sampled + 1;
    for (uint32_t exponent = 0; exponent <= kExponentMax && bad_count != 0; ++exponent) {
        const uint32_t found =
            kernels().from_doubles(sample.data(), sampled, exponent, digits.data(), bad.data());
        if (found >= bad_count) continue;
        bad_count = found;
        best = exponent;
    }
    return best;
}

bool encode_decimal(const double *values, uint32_t count, EncodeContext &context,
                    std::string &out) {
    uint32_t sample_bad = 0;
    uint32_t sampled = 0;
    const uint32_t exponent = choose_exponent(values, count, sample_bad, sampled);
    if (sample_bad * kExceptionShare > sampled) return false;
    uint64_t digits[kChunkValuesMax];
    uint8_t bad[kChunkValuesMax];
    const uint32_t bad_count = kernels().from_doubles(values, count, exponent, digits, bad);
    if (bad_count * kExceptionShare > count || bad_count == count) return false;
    uint64_t gaps[kChunkValuesMax / kExceptionShare];
    uint64_t exceptions[kChunkValuesMax / kExceptionShare];
    if (bad_count != 0) {
        uint64_t before = digits[std::find(bad, bad + count, 0) - bad];
        uint32_t found = 0;
        uint32_t next = 0;
        for (uint32_t i = 0; i < count; ++i) {
            if (bad[i] == 0) {
                before = digits[i];
                continue;
            }
            digits[i] = before;
            gaps[found] = i - next;
            std::memcpy(&exceptions[found++], values + i, sizeof *values);
            next = i + 1;
        }
    }
    out.push_back(static_cast<char>(FloatForm::decimal));
    out.push_back(static_cast<char>(exponent));
    put_varint(out, bad_count);
    encode_int_stream(digits, count, context, out);
    encode_int_stream(gaps, bad_count, context, out);
    encode_int_stream(exceptions, bad_count, context, out);
    return true;
}

Status decode_decimal(ByteReader &in, uint32_t count, const Codebooks &codebooks, double *out) {
    const uint32_t exponent = in.get<uint8_t>();
    const uint64_t number = get_varint(in);
    if (!in.ok() || exponent > kExponentMax || number > count) return damaged("head of decimals");
    const auto exceptions = static_cast<uint32_t>(number);
    VARVE_RETURN_IF_ERROR(decode_int_stream_to_doubles(in, count, codebooks, exponent, out));
    if (exceptions == 0) return {};
    uint64_t gaps[kChunkValuesMax + kDecodeSlack];
    uint64_t bits[kChunkValuesMax + kDecodeSlack];
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, exceptions, codebooks, gaps));
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, exceptions, codebooks, bits));
    uint32_t next = 0;
    for (uint32_t i = 0; i < exceptions; ++i) {
        if (next >= count || gaps[i] >= count - next) return damaged("place of an exception");
        next += static_cast<uint32_t>(gaps[i]);
        std::memcpy(out + next, &bits[i], sizeof bits[i]);
        ++next;
    }
    return {};
}

}  // namespace

void encode_floats(const double *values, uint32_t count, EncodeContext &context, std::string &out) {
    if (count == 0 || encode_decimal(values, count, context, out)) return;
    uint64_t bits[kChunkValuesMax];
    for (uint32_t i = 0; i < count; ++i) {
        std::memcpy(&bits[i], values + i, sizeof bits[i]);
        bits[i] = ordered(bits[i]);
    }
    const size_t at = out.size();
    out.push_back(static_cast<char>(FloatForm::bits));
    encode_int_stream(bits, count, context, out);
    if (out.size() - at <= 1 + count * sizeof *values) return;
    out.resize(at);
    out.push_back(static_cast<char>(FloatForm::raw));
    out.append(reinterpret_cast<const char *>(values), count * sizeof *values);
}

Status decode_floats(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                     double *out) {
    if (count > kChunkValuesMax) return damaged("number of values");
    ByteReader in(bytes);
    if (count != 0) {
        const auto form = static_cast<FloatForm>(in.get<uint8_t>());
        if (!in.ok() || form > FloatForm::raw) return damaged("form of floats");
        if (form == FloatForm::decimal) {
            VARVE_RETURN_IF_ERROR(decode_decimal(in, count, codebooks, out));
        } else if (form == FloatForm::bits) {
            uint64_t bits[kChunkValuesMax + kDecodeSlack];
            VARVE_RETURN_IF_ERROR(decode_int_stream(in, count, codebooks, bits));
            for (uint32_t i = 0; i < count; ++i) bits[i] = ordered(bits[i]);
            std::memcpy(out, bits, count * sizeof *bits);
        } else {
            const std::string_view raw = in.bytes(count * sizeof *out);
            if (in.ok()) std::memcpy(out, raw.data(), raw.size());
        }
    }
    return in.ok() && in.at_end() ? Status() : damaged("size of floats");
}

}  // namespace varve::strata
