// Statistics of the mini-blocks of a column.
//
//   u8 form: bits 0-1: 0 integers, 1 decimals (u8 exponent follows), 2 bit patterns; bit 2: streams
//   varint mask of the series that are not all zero, bit 0 = the first of the table below
//   every such series, one number a mini-block: as an integer stream (ints.hpp) with bit 2, else as
//   zigzag varints
//
// Values become integers: digits d = value * 10^exponent if all values of all mini-blocks divide
// back to the same bits, else a double's bit pattern in the order of numbers. Then, modulo 2^64 and
// with what is absent taken for zero:
//
//   series     number
//   present    present xor what the type usually has
//   count      count less that of the mini-block before
//   rows       first_row
//   rows_left  last_row - first_row - (count - 1)
//   min_row, max_row   only with_rows
//   first      first less the last of the mini-block before
//   last       last - first
//   min        the smaller of first and last, less min
//   max        max less the larger of first and last
//   sum        sum less what the four suggest: (first + last + min + max) * count / 4
//   rest       decimals only: the bits of the sum less those of its digits divided back, so that a
//              sum with rounding errors costs a few bits, not eight bytes
#include <array>
#include <cmath>
#include <cstring>

#include <varve/kind/storage.h>

#include "storage/strata/codec/ints.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {
namespace {

enum Series : uint32_t {
    kPresent,
    kCount,
    kFirstRow,
    kRowsLeft,
    kMinRow,
    kMaxRow,
    kFirst,
    kLast,
    kMin,
    kMax,
    kSum,
    kRest,
    kSeriesCount
};

enum class ValueForm : uint8_t { integers, decimals, patterns };
constexpr uint8_t kAsStreams = 1u << 2;
constexpr double kRoundingMax = 4.5e-16;           // two units in the last place
constexpr double kDigitsMax = 9007199254740992.0;  // 2^53

struct Shape {
    ValueForm form = ValueForm::integers;
    uint32_t exponent = 0;
    uint8_t usual_present = 0;
};

using SeriesValues = std::array<std::vector<uint64_t>, kSeriesCount>;

uint8_t usual_present(uint32_t type) {
    if (type == VARVE_TYPE_STRING) return 0;
    if (type == VARVE_TYPE_BOOLEAN) return VARVE_STATS_MINMAX | VARVE_STATS_FIRSTLAST;
    return VARVE_STATS_MINMAX | VARVE_STATS_SUM | VARVE_STATS_FIRSTLAST;
}

uint64_t ordered(uint64_t bits) {
    return bits ^ ((0 - (bits >> 63)) >> 1);
}
double double_of(uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
uint64_t bits_of(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

double quotient(uint64_t digits, uint32_t exponent) {
    return static_cast<double>(static_cast<int64_t>(digits)) /
           static_cast<double>(kPowersOfTen[exponent]);
}

// The digits nearest to a value; false if there are too many.
bool digits_of(uint64_t bits, uint32_t exponent, uint64_t &digits) {
    const double scaled = double_of(bits) * static_cast<double>(kPowersOfTen[exponent]);
    if (!(std::fabs(scaled) < kDigitsMax)) return false;
    digits = static_cast<uint64_t>(std::llround(scaled));
    return true;
}

bool is_decimal(uint64_t bits, uint32_t exponent) {
    uint64_t digits = 0;
    return digits_of(bits, exponent, digits) && bits_of(quotient(digits, exponent)) == bits;
}

bool all_decimal(std::span<const ColumnStats> blocks, uint32_t exponent) {
    for (const ColumnStats &block : blocks) {
        uint64_t sum = 0;
        if ((block.present & VARVE_STATS_MINMAX) != 0 &&
            !(is_decimal(block.min, exponent) && is_decimal(block.max, exponent))) {
            return false;
        }
        if ((block.present & VARVE_STATS_FIRSTLAST) != 0 &&
            !(is_decimal(block.first, exponent) && is_decimal(block.last, exponent))) {
            return false;
        }
        if ((block.present & VARVE_STATS_SUM) != 0 && !digits_of(block.sum, exponent, sum)) {
            return false;
        }
    }
    return true;
}

Shape choose_shape(uint32_t type, std::span<const ColumnStats> blocks) {
    Shape shape{ValueForm::integers, 0, usual_present(type)};
    if (type != VARVE_TYPE_FLOAT64) return shape;
    for (uint32_t exponent = 0; exponent <= kExponentMax; ++exponent) {
        if (all_decimal(blocks, exponent)) {
            return {ValueForm::decimals, exponent, shape.usual_present};
        }
    }
    return {ValueForm::patterns, 0, shape.usual_present};
}

uint64_t to_integer(const Shape &shape, uint64_t bits) {
    if (shape.form == ValueForm::integers) return bits;
    if (shape.form == ValueForm::patterns) return ordered(bits);
    uint64_t digits = 0;
    digits_of(bits, shape.exponent, digits);
    return digits;
}
uint64_t from_integer(const Shape &shape, uint64_t integer) {
    if (shape.form == ValueForm::integers) return integer;
    if (shape.form == ValueForm::patterns) return ordered(integer);
    return bits_of(quotient(integer, shape.exponent));
}

// A mini-block's values as integers; what is absent is zero.
struct Integers {
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t min = 0;
    uint64_t max = 0;

    uint64_t lower() const {
        return static_cast<int64_t>(first) < static_cast<int64_t>(last) ? first : last;
    }
    uint64_t upper() const { return lower() == first ? last : first; }
    // Bit patterns say nothing of a sum.
    uint64_t sum_suggested(const Shape &shape, uint32_t count) const {
        if (shape.form == ValueForm::patterns) return 0;
        using Wide = __int128;
        Wide four = 0;
        for (const uint64_t value : {first, last, min, max}) four += static_cast<int64_t>(value);
        return static_cast<uint64_t>(four * count / 4);
    }
};

void add_block(const Shape &shape, const ColumnStats &block, bool with_rows, uint32_t count_before,
               uint64_t &last_before, SeriesValues &series) {
    const bool has_minmax = (block.present & VARVE_STATS_MINMAX) != 0;
    const bool has_ends = (block.present & VARVE_STATS_FIRSTLAST) != 0;
    const bool has_sum = (block.present & VARVE_STATS_SUM) != 0;
    Integers values;
    if (has_ends) {
        values.first = to_integer(shape, block.first);
        values.last = to_integer(shape, block.last);
    }
    if (has_minmax) {
        values.min = to_integer(shape, block.min);
        values.max = to_integer(shape, block.max);
    }
    const auto put = [&](Series which, bool has, uint64_t value) {
        series[which].push_back(has ? value : 0);
    };
    put(kPresent, true, block.present ^ shape.usual_present);
    put(kCount, true, static_cast<uint64_t>(block.count) - count_before);
    put(kFirstRow, has_ends, block.first_row);
    put(kRowsLeft, has_ends,
        static_cast<uint64_t>(block.last_row) - block.first_row - block.count + 1);
    put(kMinRow, has_minmax && with_rows, block.min_row);
    put(kMaxRow, has_minmax && with_rows, block.max_row);
    put(kFirst, has_ends, values.first - last_before);
    put(kLast, has_ends, values.last - values.first);
    put(kMin, has_minmax, values.lower() - values.min);
    put(kMax, has_minmax, values.max - values.upper());
    const uint64_t sum = has_sum ? to_integer(shape, block.sum) : 0;
    put(kSum, has_sum, sum - values.sum_suggested(shape, block.count));
    put(kRest, has_sum, block.sum - from_integer(shape, sum));
    if (has_ends) last_before = values.last;
}

ColumnStats take_block(const Shape &shape, const SeriesValues &series, size_t at, bool with_rows,
                       uint32_t count_before, uint64_t &last_before) {
    ColumnStats block;
    const auto get = [&](Series which) { return series[which][at]; };
    block.present = static_cast<uint8_t>(get(kPresent) ^ shape.usual_present);
    block.count = static_cast<uint32_t>(get(kCount) + count_before);
    Integers values;
    if ((block.present & VARVE_STATS_FIRSTLAST) != 0) {
        block.first_row = static_cast<uint16_t>(get(kFirstRow));
        block.last_row = static_cast<uint16_t>(get(kRowsLeft) + block.first_row + block.count - 1);
        values.first = get(kFirst) + last_before;
        values.last = last_before = get(kLast) + values.first;
        block.first = from_integer(shape, values.first);
        block.last = from_integer(shape, values.last);
    }
    if ((block.present & VARVE_STATS_MINMAX) != 0) {
        if (with_rows) {
            block.min_row = static_cast<uint16_t>(get(kMinRow));
            block.max_row = static_cast<uint16_t>(get(kMaxRow));
        }
        values.min = values.lower() - get(kMin);
        values.max = values.upper() + get(kMax);
        block.min = from_integer(shape, values.min);
        block.max = from_integer(shape, values.max);
    }
    if ((block.present & VARVE_STATS_SUM) != 0) {
        const uint64_t sum = get(kSum) + values.sum_suggested(shape, block.count);
        block.sum = from_integer(shape, sum) + get(kRest);
    }
    return block;
}

bool all_zero(const std::vector<uint64_t> &values) {
    for (const uint64_t value : values) {
        if (value != 0) return false;
    }
    return true;
}

Status get_shape(ByteReader &in, uint32_t type, Shape &shape, bool &as_streams) {
    const auto form = in.get<uint8_t>();
    if (!in.ok() || (form & 3) > static_cast<uint8_t>(ValueForm::patterns) || form > 7) {
        return damaged("form of statistics");
    }
    shape = {static_cast<ValueForm>(form & 3), 0, usual_present(type)};
    as_streams = (form & kAsStreams) != 0;
    if (shape.form == ValueForm::decimals) shape.exponent = in.get<uint8_t>();
    return shape.exponent <= kExponentMax ? Status() : damaged("exponent of statistics");
}

}  // namespace

void encode_stats(uint32_t varve_type, std::span<const ColumnStats> blocks, bool with_rows,
                  EncodeContext &context, std::string &out) {
    if (blocks.empty()) return;
    const Shape shape = choose_shape(varve_type, blocks);
    SeriesValues series;
    uint32_t count_before = 0;
    uint64_t last_before = 0;
    for (const ColumnStats &block : blocks) {
        add_block(shape, block, with_rows, count_before, last_before, series);
        count_before = block.count;
    }
    uint64_t mask = 0;
    std::string streams;
    std::string varints;
    for (uint32_t i = 0; i < kSeriesCount; ++i) {
        if (all_zero(series[i])) continue;
        mask |= 1ull << i;
        encode_int_stream(series[i].data(), static_cast<uint32_t>(series[i].size()), context,
                          streams);
        for (const uint64_t value : series[i]) put_varint(varints, zigzag(value));
    }
    const bool as_streams = streams.size() < varints.size();
    out.push_back(
        static_cast<char>(static_cast<uint8_t>(shape.form) | (as_streams ? kAsStreams : 0)));
    if (shape.form == ValueForm::decimals) out.push_back(static_cast<char>(shape.exponent));
    put_varint(out, mask);
    out += as_streams ? streams : varints;
}

void round_sums(std::span<ColumnStats> blocks) {
    const Shape shape = choose_shape(VARVE_TYPE_FLOAT64, blocks);
    if (shape.form != ValueForm::decimals) return;
    for (ColumnStats &block : blocks) {
        if ((block.present & VARVE_STATS_SUM) == 0) continue;
        // Values between the extremes may have more digits than these; then it is another sum.
        const uint64_t rounded = from_integer(shape, to_integer(shape, block.sum));
        const double sum = double_of(block.sum);
        if (std::fabs(double_of(rounded) - sum) <= std::fabs(sum) * kRoundingMax) {
            block.sum = rounded;
        }
    }
}

Status decode_stats(uint32_t varve_type, bool with_rows, std::string_view bytes,
                    const Codebooks &codebooks, std::span<ColumnStats> out) {
    if (out.size() > kChunkValuesMax) return damaged("number of mini-blocks");
    if (out.empty()) return bytes.empty() ? Status() : damaged("size of statistics");
    ByteReader in(bytes);
    Shape shape;
    bool as_streams = false;
    VARVE_RETURN_IF_ERROR(get_shape(in, varve_type, shape, as_streams));
    const uint64_t mask = get_varint(in);
    if (mask >> kSeriesCount != 0) return damaged("series of statistics");
    SeriesValues series;
    for (uint32_t i = 0; i < kSeriesCount; ++i) {
        series[i].assign(out.size() + kDecodeSlack, 0);
        if ((mask >> i & 1) == 0) continue;
        if (as_streams) {
            VARVE_RETURN_IF_ERROR(decode_int_stream(in, static_cast<uint32_t>(out.size()),
                                                    codebooks, series[i].data()));
            continue;
        }
        for (size_t k = 0; k < out.size(); ++k) series[i][k] = unzigzag(get_varint(in));
    }
    if (!in.ok() || !in.at_end()) return damaged("size of statistics");
    uint32_t count_before = 0;
    uint64_t last_before = 0;
    for (size_t k = 0; k < out.size(); ++k) {
        out[k] = take_block(shape, series, k, with_rows, count_before, last_before);
        count_before = out[k].count;
    }
    return {};
}

}  // namespace varve::strata
