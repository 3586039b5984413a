// From a stream of integers to values; ints.hpp has the format.
#include "storage/strata/codec/huffman_stream.hpp"
#include "storage/strata/codec/ints.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {
namespace {

struct Head {
    Transform transform = Transform::constant;
    Coder coder = Coder::packed;
    bool is_signed = false;
    uint64_t first = 0;
    uint64_t second = 0;
    uint64_t base = 0;
    uint64_t divisor = 1;
};

uint64_t get_divisor(ByteReader &in) {
    const uint32_t code = in.get<uint8_t>();
    if (code < kPowersOfTenCount) return kPowersOfTen[code];
    if (code < kDivisorsOfTwo + 64) return 1ull << (code - kDivisorsOfTwo);
    if (code != kDivisorVarint) in.bytes(SIZE_MAX);
    return get_varint(in);
}

Status get_head(ByteReader &in, Head &head) {
    const auto bits = in.get<uint8_t>();
    if (!in.ok() || (bits & 7) > static_cast<uint8_t>(Transform::sparse) ||
        (bits >> 3 & 3) > static_cast<uint8_t>(Coder::huffman)) {
        return damaged("head of integers");
    }
    head.transform = static_cast<Transform>(bits & 7);
    head.coder = static_cast<Coder>(bits >> 3 & 3);
    head.is_signed = (bits & kIsSigned) != 0;
    if (head.transform != Transform::plain) head.first = get_number(in);
    if (head.transform == Transform::progression || head.transform == Transform::bend ||
        head.transform == Transform::line) {
        head.second = get_number(in);
    }
    if ((bits & kHasBase) != 0) head.base = get_number(in);
    if ((bits & kHasDivisor) != 0) head.divisor = get_divisor(in);
    return in.ok() ? Status() : damaged("numbers of integers");
}

struct Patch {
    uint32_t at;
    uint64_t above;
};

Status get_patches(ByteReader &in, uint32_t count, Patch *patches, uint32_t &patch_count) {
    const uint64_t number = get_varint(in);
    if (number > count) return damaged("number of patches");
    patch_count = static_cast<uint32_t>(number);
    uint64_t next = 0;
    for (uint32_t i = 0; i < patch_count; ++i) {
        const uint64_t gap = get_varint(in);
        const uint64_t above = get_varint(in);
        if (!in.ok() || gap >= count - next) return damaged("patch");
        patches[i] = {static_cast<uint32_t>(next + gap), above};
        next += gap + 1;
        if (next == count && i + 1 < patch_count) return damaged("patch");
    }
    return {};
}

Status get_packed(ByteReader &in, uint32_t count, bool patched, uint64_t *out) {
    const uint32_t width = in.get<uint8_t>();
    if (width > 64 || (patched && width == 64)) return damaged("width");
    Patch patches[kChunkValuesMax];
    uint32_t patch_count = 0;
    if (patched) VARVE_RETURN_IF_ERROR(get_patches(in, count, patches, patch_count));
    const std::string_view bytes = in.bytes(packed_size(width, count));
    if (!in.ok()) return damaged("packed numbers");
    kernels().unpack(reinterpret_cast<const uint8_t *>(bytes.data()), width, count, out);
    for (uint32_t i = 0; i < patch_count; ++i) out[patches[i].at] |= patches[i].above << width;
    return {};
}

Status get_sparse(ByteReader &in, const Head &head, uint32_t count, const Codebooks &codebooks,
                  uint64_t *out) {
    const uint64_t changes = get_varint(in);
    if (!in.ok() || changes >= count) return damaged("number of changes");
    const auto number = static_cast<uint32_t>(changes);
    uint64_t gaps[kChunkValuesMax + kDecodeSlack];
    uint64_t differences[kChunkValuesMax + kDecodeSlack];
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, number, codebooks, gaps, false));
    VARVE_RETURN_IF_ERROR(decode_int_stream(in, number, codebooks, differences, false));
    uint64_t value = head.first;
    uint32_t at = 0;
    uint32_t next = 1;
    for (uint32_t i = 0; i < number; ++i) {
        if (next >= count || gaps[i] >= count - next) return damaged("place of a change");
        next += static_cast<uint32_t>(gaps[i]);
        for (; at < next; ++at) out[at] = value;
        value += differences[i];
        ++next;
    }
    for (; at < count; ++at) out[at] = value;
    return {};
}

// The coded numbers of a stream with residuals, left where the values go.
Status get_residuals(ByteReader &in, const Head &head, uint32_t count, const Codebooks &codebooks,
                     uint64_t *out) {
    if (head.coder != Coder::huffman) {
        return get_packed(in, count, head.coder == Coder::patched, out);
    }
    Tokens tokens;
    VARVE_RETURN_IF_ERROR(decode_tokens(in, count, codebooks, tokens));
    tokens_to_numbers(tokens, count, out);
    return {};
}

// Delta of small tokens, the commonest of dense chunks, goes from bytes to values in one loop.
bool is_small_delta(const Head &head, const Tokens &tokens) {
    return head.base == 0 && tokens.token_max < kDirectTokens;
}

Status decode_delta(ByteReader &in, const Head &head, uint32_t count, const Codebooks &codebooks,
                    uint64_t *out) {
    out[0] = head.first;
    const uint32_t left = count - 1;
    if (head.coder == Coder::huffman) {
        Tokens tokens;
        VARVE_RETURN_IF_ERROR(decode_tokens(in, left, codebooks, tokens));
        if (is_small_delta(head, tokens)) {
            kernels().small_differences(tokens.values, left, head.is_signed, head.divisor,
                                        head.first, out + 1);
            return {};
        }
        tokens_to_numbers(tokens, left, out + 1);
    } else {
        VARVE_RETURN_IF_ERROR(get_packed(in, left, head.coder == Coder::patched, out + 1));
    }
    kernels().expand(out + 1, left, head.is_signed, head.divisor, head.base);
    kernels().prefix_sum(out + 1, left, head.first);
    return {};
}

Status decode_bend(ByteReader &in, const Head &head, uint32_t count, const Codebooks &codebooks,
                   uint64_t *out) {
    out[0] = head.first;
    if (count == 1) return damaged("too few values for their transform");
    out[1] = head.second;
    VARVE_RETURN_IF_ERROR(get_residuals(in, head, count - 2, codebooks, out + 2));
    kernels().expand(out + 2, count - 2, head.is_signed, head.divisor, head.base);
    kernels().prefix_sum(out + 2, count - 2, head.second);
    kernels().prefix_sum(out + 1, count - 1, head.first);
    return {};
}

Status decode_values(ByteReader &in, const Head &head, uint32_t count, const Codebooks &codebooks,
                     uint64_t *out, bool may_be_sparse) {
    switch (head.transform) {
        case Transform::constant:
            for (uint32_t i = 0; i < count; ++i) out[i] = head.first;
            return {};
        case Transform::progression:
            for (uint32_t i = 0; i < count; ++i) out[i] = 0;
            kernels().add_line(out, count, head.first, head.second);
            return {};
        case Transform::plain:
        case Transform::line:
            VARVE_RETURN_IF_ERROR(get_residuals(in, head, count, codebooks, out));
            kernels().expand(out, count, head.is_signed, head.divisor, head.base);
            if (head.transform == Transform::line) {
                kernels().add_line(out, count, head.first, head.second);
            }
            return {};
        case Transform::delta:
            return decode_delta(in, head, count, codebooks, out);
        case Transform::bend:
            return decode_bend(in, head, count, codebooks, out);
        case Transform::sparse:
            break;
    }
    if (!may_be_sparse) return damaged("a list of changes inside another");
    return get_sparse(in, head, count, codebooks, out);
}

}  // namespace

Status decode_int_stream(ByteReader &in, uint32_t count, const Codebooks &codebooks, uint64_t *out,
                         bool may_be_sparse) {
    if (count == 0) return {};
    Head head;
    VARVE_RETURN_IF_ERROR(get_head(in, head));
    return decode_values(in, head, count, codebooks, out, may_be_sparse);
}

Status decode_int_stream_to_doubles(ByteReader &in, uint32_t count, const Codebooks &codebooks,
                                    uint32_t exponent, double *out) {
    if (count == 0) return {};
    Head head;
    VARVE_RETURN_IF_ERROR(get_head(in, head));
    uint64_t values[kChunkValuesMax + kDecodeSlack];
    if (exponent == 0 && head.transform == Transform::delta && head.coder == Coder::huffman) {
        Tokens tokens;
        VARVE_RETURN_IF_ERROR(decode_tokens(in, count - 1, codebooks, tokens));
        if (is_small_delta(head, tokens)) {
            out[0] = static_cast<double>(static_cast<int64_t>(head.first));
            kernels().small_differences_to_doubles(tokens.values, count - 1, head.is_signed,
                                                   head.divisor, head.first, out + 1);
            return {};
        }
        values[0] = head.first;
        tokens_to_numbers(tokens, count - 1, values + 1);
        kernels().expand(values + 1, count - 1, head.is_signed, head.divisor, head.base);
        kernels().prefix_sum(values + 1, count - 1, head.first);
    } else {
        VARVE_RETURN_IF_ERROR(decode_values(in, head, count, codebooks, values, true));
    }
    kernels().to_doubles(values, count, exponent, out);
    return {};
}

Status decode_ints(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                   int64_t *out) {
    if (count > kChunkValuesMax) return damaged("number of values");
    ByteReader in(bytes);
    VARVE_RETURN_IF_ERROR(
        decode_int_stream(in, count, codebooks, reinterpret_cast<uint64_t *>(out)));
    return in.at_end() ? Status() : damaged("bytes behind the values");
}

Status decode_ints_as_doubles(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                              double *out) {
    if (count > kChunkValuesMax) return damaged("number of values");
    ByteReader in(bytes);
    VARVE_RETURN_IF_ERROR(decode_int_stream_to_doubles(in, count, codebooks, 0, out));
    return in.at_end() ? Status() : damaged("bytes behind the values");
}

}  // namespace varve::strata
