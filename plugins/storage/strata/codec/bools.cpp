// Booleans.
//
//   u8 form
//     all false, all true   nothing more
//     bitmap                ⌈count / 8⌉ bytes, the first value lowest
//     runs from false/true  varint runs less 1; the lengths less 1 of all runs but the last as an
//                           integer stream (ints.hpp); the last goes to the end
#include <cstring>

#include "storage/strata/codec/ints.hpp"

namespace varve::strata {
namespace {

enum class BoolForm : uint8_t { all_false, all_true, bitmap, runs_from_false, runs_from_true };

constexpr uint32_t kRunShare = 8;  // runs are tried if there is at most 1 to 8 values

void encode_bitmap(const uint8_t *values, uint32_t count, std::string &out) {
    out.push_back(static_cast<char>(BoolForm::bitmap));
    for (uint32_t i = 0; i < count; i += 8) {
        uint32_t byte = 0;
        for (uint32_t k = 0; k < 8 && i + k < count; ++k)
            byte |= (values[i + k] != 0 ? 1u : 0u) << k;
        out.push_back(static_cast<char>(byte));
    }
}

Status decode_runs(ByteReader &in, uint32_t count, const Codebooks &codebooks, uint8_t value,
                   uint8_t *out) {
    const uint64_t number = get_varint(in);
    if (!in.ok() || number >= count) return damaged("number of runs");
    const auto ends = static_cast<uint32_t>(number);
    uint64_t lengths[kChunkValuesMax + kDecodeSlack];
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, ends, codebooks, lengths));
    uint32_t at = 0;
    for (uint32_t i = 0; i < ends; ++i, value ^= 1) {
        if (lengths[i] >= count - at - 1) return damaged("length of a run");
        const auto length = static_cast<uint32_t>(lengths[i]) + 1;
        std::memset(out + at, value, length);
        at += length;
    }
    std::memset(out + at, value, count - at);
    return {};
}

}  // namespace

void encode_bools(const uint8_t *values, uint32_t count, EncodeContext &context, std::string &out) {
    if (count == 0) return;
    const bool first = values[0] != 0;
    uint64_t lengths[kChunkValuesMax / kRunShare];
    uint32_t ends = 0;
    uint32_t start = 0;
    for (uint32_t i = 1; i < count; ++i) {
        if ((values[i] != 0) == (values[i - 1] != 0)) continue;
        if (ends == count / kRunShare) return encode_bitmap(values, count, out);
        lengths[ends++] = i - start - 1;
        start = i;
    }
    if (ends == 0) {
        out.push_back(static_cast<char>(first ? BoolForm::all_true : BoolForm::all_false));
        return;
    }
    const size_t at = out.size();
    EncodeContext alone{context.tier, nullptr};
    out.push_back(static_cast<char>(first ? BoolForm::runs_from_true : BoolForm::runs_from_false));
    put_varint(out, ends);
    encode_int_stream(lengths, ends, alone, out);
    if (out.size() - at <= 1 + (count + 7) / 8) return;
    out.resize(at);
    encode_bitmap(values, count, out);
}

Status decode_bools(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                    uint8_t *out) {
    if (count > kChunkValuesMax) return damaged("number of values");
    ByteReader in(bytes);
    if (count != 0) {
        const auto form = static_cast<BoolForm>(in.get<uint8_t>());
        if (!in.ok() || form > BoolForm::runs_from_true) return damaged("form of booleans");
        if (form == BoolForm::all_false || form == BoolForm::all_true) {
            std::memset(out, form == BoolForm::all_true ? 1 : 0, count);
        } else if (form == BoolForm::bitmap) {
            const std::string_view bits = in.bytes((count + 7) / 8);
            if (!in.ok()) return damaged("size of a bitmap");
            for (uint32_t i = 0; i < count; ++i) {
                out[i] = static_cast<uint8_t>(bits[i / 8]) >> i % 8 & 1;
            }
        } else {
            const uint8_t value = form == BoolForm::runs_from_true ? 1 : 0;
            VARVE_RETURN_IF_ERROR(decode_runs(in, count, codebooks, value, out));
        }
    }
    return in.at_end() ? Status() : damaged("size of booleans");
}

}  // namespace varve::strata
