// From values to a stream of integers; ints.hpp has the format.
#include <algorithm>
#include <cstring>

#include "storage/strata/codec/huffman_stream.hpp"
#include "storage/strata/codec/ints.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"
#include "storage/strata/codec/model.hpp"

namespace varve::strata {
namespace {

constexpr uint32_t kSparseShare = 8;  // sparse is tried if at most 1 in 8 values changes
constexpr uint32_t kPatchBlock = 8;
constexpr uint32_t kSampledPatchShare = 16;  // more patches than 1 in 16 want a closer look
constexpr uint64_t kHuffmanGainShare = 48;   // Huffman must save 1 in 48: packed is read faster
constexpr uint32_t kSmallBaseMax = 127;      // such a base costs more than it saves

uint8_t head_of(Transform transform) {
    return static_cast<uint8_t>(transform);
}

void put_divisor(std::string &out, uint64_t divisor) {
    if (std::has_single_bit(divisor)) {
        out.push_back(static_cast<char>(kDivisorsOfTwo + width_of(divisor) - 1));
        return;
    }
    for (uint32_t k = 0; k < kPowersOfTenCount; ++k) {
        if (kPowersOfTen[k] == divisor) {
            out.push_back(static_cast<char>(k));
            return;
        }
    }
    out.push_back(static_cast<char>(kDivisorVarint));
    put_varint(out, divisor);
}

void put_packed(const uint64_t *values, uint32_t count, uint32_t width, std::string &out) {
    const size_t at = out.size();
    const size_t size = packed_size(width, count);
    out.resize(at + size + 8);
    kernels().pack(values, count, width, reinterpret_cast<uint8_t *>(out.data() + at));
    out.resize(at + size);
}

// Where numbers are wider than `width`, and the bits above it; false if that is more than
// `patches_max` of them.
bool put_patches(const uint64_t *values, uint32_t count, uint32_t width, uint32_t patches_max,
                 std::string &out) {
    std::string list;
    uint32_t patches = 0;
    uint32_t next = 0;
    for (uint32_t block = 0; block < count; block += kPatchBlock) {
        const uint32_t end = std::min(count, block + kPatchBlock);
        uint64_t all = 0;
        for (uint32_t i = block; i < end; ++i) all |= values[i];
        if (all >> width == 0) continue;
        for (uint32_t i = block; i < end; ++i) {
            const uint64_t above = values[i] >> width;
            if (above == 0) continue;
            if (++patches > patches_max) return false;
            put_varint(list, i - next);
            put_varint(list, above);
            next = i + 1;
        }
    }
    put_varint(out, patches);
    out += list;
    return true;
}

// The residuals of a model; returns how many.
uint32_t residuals_of(const Model &model, const uint64_t *values, uint32_t count, uint64_t *out) {
    switch (model.transform) {
        case Transform::delta:
            kernels().differences(values, count, out);
            return count - 1;
        case Transform::bend: {
            kernels().differences(values, count, out);
            kernels().differences(out, count - 1, out);
            return count - 2;
        }
        case Transform::line:
            kernels().subtract_line(values, count, model.first, model.second, out);
            return count;
        default:
            std::memcpy(out, values, count * sizeof *values);
            return count;
    }
}

// The lowest base, now that all values are known.
uint64_t lowest_base(const Model &model, const Scan &scan, const uint64_t *residuals,
                     uint32_t count) {
    switch (model.transform) {
        case Transform::delta:
            return static_cast<uint64_t>(scan.difference_min);
        case Transform::plain:
            if (scan.min >= 0 && scan.min <= static_cast<int64_t>(kSmallBaseMax) &&
                width_of(static_cast<uint64_t>(scan.max)) ==
                    width_of(static_cast<uint64_t>(scan.max - scan.min))) {
                return 0;
            }
            return static_cast<uint64_t>(scan.min);
        default:
            return static_cast<uint64_t>(kernels().scan(residuals, count).min);
    }
}

// Codes the reduced residuals, and says which coder it was by the head's bits.
uint8_t put_coded(const uint64_t *values, uint32_t count, uint32_t width, const Model &model,
                  EncodeContext &context, std::string &out) {
    const bool dense = context.tier == Tier::dense && width > 1;
    if (!dense && width <= model.packed_width) {
        out.push_back(static_cast<char>(width));
        put_packed(values, count, width, out);
        return static_cast<uint8_t>(Coder::packed);
    }
    if (!dense) {
        // The sample knows the width, unless too many values are wider.
        const size_t at = out.size();
        out.push_back(static_cast<char>(model.packed_width));
        if (put_patches(values, count, model.packed_width, count / kSampledPatchShare, out)) {
            put_packed(values, count, model.packed_width, out);
            return static_cast<uint8_t>(Coder::patched);
        }
        out.resize(at);
    }
    uint8_t tokens[kChunkValuesMax + kDecodeSlack];
    kernels().tokens(values, count, tokens);
    TokenCounts counts[4] = {};
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (uint32_t k = 0; k < 4; ++k) ++counts[k][tokens[i + k]];
    }
    for (; i < count; ++i) ++counts[0][tokens[i]];
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        counts[0][token] += counts[1][token] + counts[2][token] + counts[3][token];
    }
    const Packing packing = best_packing(counts[0]);
    if (dense) {
        const uint64_t bits_max = packing.bits + 8 - packing.bits / kHuffmanGainShare;
        const TableChoice choice = choose_table(counts[0], count, bits_max, context.codebooks);
        if (choice.bits < bits_max) {
            encode_huffman(values, tokens, count, choice, context.codebooks, out);
            return static_cast<uint8_t>(Coder::huffman);
        }
    }
    out.push_back(static_cast<char>(packing.width));
    if (packing.patches != 0) put_patches(values, count, packing.width, count, out);
    put_packed(values, count, packing.width, out);
    return static_cast<uint8_t>(packing.patches != 0 ? Coder::patched : Coder::packed);
}

void put_modelled(Model model, const uint64_t *values, uint32_t count, const Scan &scan,
                  EncodeContext &context, std::string &out) {
    uint64_t residuals[kChunkValuesMax];
    const uint32_t left = residuals_of(model, values, count, residuals);
    if (!model.is_signed) model.base = lowest_base(model, scan, residuals, left);
    const ExactDivisor divisor(common_divisor(residuals, left, model.base, model.is_signed));
    const uint64_t all = kernels().reduce(residuals, left, model.base, model.is_signed, divisor);
    const size_t head_at = out.size();
    uint8_t head = head_of(model.transform);
    out.push_back(0);
    if (model.transform != Transform::plain) put_number(out, model.first);
    if (model.transform == Transform::bend || model.transform == Transform::line) {
        put_number(out, model.second);
    }
    if (model.is_signed) head |= kIsSigned;
    if (model.base != 0) {
        head |= kHasBase;
        put_number(out, model.base);
    }
    if (divisor.divisor != 1) {
        head |= kHasDivisor;
        put_divisor(out, divisor.divisor);
    }
    const uint8_t coder = put_coded(residuals, left, width_of(all), model, context, out);
    out[head_at] = static_cast<char>(head | coder << 3);
}

// A list of changes, if that is shorter than what the model expects. No trial of a whole chunk: the
// changes are few.
bool put_sparse(const uint64_t *values, uint32_t count, uint64_t changes, double bits_expected,
                EncodeContext &context, std::string &out) {
    uint64_t gaps[kChunkValuesMax / kSparseShare];
    uint64_t differences[kChunkValuesMax / kSparseShare];
    uint32_t found = 0;
    uint32_t next = 1;
    for (uint32_t i = 1; i < count; ++i) {
        if (values[i] == values[i - 1]) continue;
        gaps[found] = i - next;
        differences[found++] = values[i] - values[i - 1];
        next = i + 1;
    }
    const auto put_lists = [&](EncodeContext &lists) {
        std::string bytes(1, static_cast<char>(head_of(Transform::sparse)));
        put_number(bytes, values[0]);
        put_varint(bytes, changes);
        encode_int_stream(gaps, found, lists, bytes, false);
        encode_int_stream(differences, found, lists, bytes, false);
        return bytes;
    };
    // Without shared tables at first: lists that are not used must not leave any behind.
    EncodeContext alone{context.tier, nullptr};
    const std::string list = put_lists(alone);
    if (static_cast<double>(list.size()) * 8 >= bits_expected) return false;
    out += context.codebooks == nullptr ? list : put_lists(context);
    return true;
}

}  // namespace

void encode_int_stream(const uint64_t *values, uint32_t count, EncodeContext &context,
                       std::string &out, bool may_be_sparse) {
    if (count == 0) return;
    const Scan scan = kernels().scan(values, count);
    if (scan.changes == 0) {
        out.push_back(static_cast<char>(head_of(Transform::constant)));
        return put_number(out, values[0]);
    }
    if (count >= 3 && scan.bends == 0) {
        out.push_back(static_cast<char>(head_of(Transform::progression)));
        put_number(out, values[0]);
        return put_number(out, values[1] - values[0]);
    }
    const Model model = choose_model(values, count, scan, context.tier);
    if (may_be_sparse && scan.changes <= count / kSparseShare &&
        put_sparse(values, count, scan.changes, model.bits, context, out)) {
        return;
    }
    put_modelled(model, values, count, scan, context, out);
}

void encode_ints(const int64_t *values, uint32_t count, EncodeContext &context, std::string &out) {
    encode_int_stream(reinterpret_cast<const uint64_t *>(values), count, context, out);
}

}  // namespace varve::strata
