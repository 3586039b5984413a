// 1. Take a sample: short chunks whole, of long ones 16 runs of 32 values.
// 2. For every transform that may suit, with a base below all residuals or one in their middle
//    (signed): divide by what they have in common, count tokens, and price the counts both packed
//    and, for the dense tier, with Huffman codes.
// 3. The cheapest wins; of equals the first, which is the quickest to decode.
#include "storage/strata/codec/model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace varve::strata {
namespace {

constexpr uint32_t kSampleRuns = 16;
constexpr uint32_t kSampleRunLength = 32;
constexpr uint32_t kSampleMax = kSampleRuns * kSampleRunLength;
constexpr uint32_t kPatchBits = 12;  // of a gap, on average
constexpr uint32_t kDivisorBlock = 256;
constexpr uint32_t kDivisorStart = 4;
constexpr uint32_t kLineUnitsMax = 8;

struct Sample {
    uint32_t count = 0;
    uint32_t difference_count = 0;
    uint32_t bend_count = 0;
    std::array<uint32_t, kSampleMax> at;
    std::array<uint64_t, kSampleMax> values;
    std::array<uint64_t, kSampleMax> differences;
    std::array<uint64_t, kSampleMax> bends;
};

void add_run(const uint64_t *values, uint32_t from, uint32_t length, Sample &sample) {
    for (uint32_t i = from; i < from + length; ++i) {
        sample.at[sample.count] = i;
        sample.values[sample.count++] = values[i];
        if (i == from) continue;
        sample.differences[sample.difference_count++] = values[i] - values[i - 1];
        if (i < from + 2) continue;
        sample.bends[sample.bend_count++] = values[i] - 2 * values[i - 1] + values[i - 2];
    }
}

void take_sample(const uint64_t *values, uint32_t count, Sample &sample) {
    if (count <= kSampleMax) return add_run(values, 0, count, sample);
    for (uint64_t run = 0; run < kSampleRuns; ++run) {
        const uint64_t from = run * (count - kSampleRunLength) / (kSampleRuns - 1);
        add_run(values, static_cast<uint32_t>(from), kSampleRunLength, sample);
    }
}

// Prices the residuals and keeps the model if it is the cheapest so far.
class Contest {
  public:
    Contest(uint32_t count, Tier tier) : count_(count), tier_(tier) {}

    void enter(Model model, const uint64_t *residuals, uint32_t residual_count) {
        if (residual_count == 0) return;
        std::array<uint64_t, kSampleMax> reduced;
        std::array<uint8_t, kSampleMax> tokens;
        std::copy_n(residuals, residual_count, reduced.begin());
        const uint64_t divisor =
            common_divisor(reduced.data(), residual_count, model.base, model.is_signed);
        kernels().reduce(reduced.data(), residual_count, model.base, model.is_signed,
                         ExactDivisor(divisor));
        kernels().tokens(reduced.data(), residual_count, tokens.data());
        TokenCounts counts{};
        for (uint32_t i = 0; i < residual_count; ++i) ++counts[tokens[i]];
        const Packing packing = best_packing(counts);
        double bits = static_cast<double>(packing.bits);
        if (tier_ == Tier::dense) {
            // No code is shorter than a bit.
            const double coded = std::max<double>(entropy_bits(counts), residual_count);
            bits = std::min(bits, coded);
        }
        model.bits = bits * count_ / residual_count + head_bits(model);
        model.packed_width = packing.width;
        if (!any_ || model.bits < best_.bits) best_ = model;
        any_ = true;
    }

    const Model &best() const { return best_; }

  private:
    static double head_bits(const Model &model) {
        const auto number_bits = [](uint64_t number) { return width_of(zigzag(number)) + 8; };
        double bits = 8;
        if (model.base != 0) bits += number_bits(model.base);
        if (model.transform != Transform::plain) bits += number_bits(model.first);
        if (model.transform > Transform::delta) bits += number_bits(model.second);
        return bits;
    }

    uint32_t count_;
    Tier tier_;
    bool any_ = false;
    Model best_;
};

uint64_t middle(const uint64_t *values, uint32_t count) {
    std::array<int64_t, kSampleMax> sorted;
    for (uint32_t i = 0; i < count; ++i) sorted[i] = static_cast<int64_t>(values[i]);
    std::nth_element(sorted.begin(), sorted.begin() + count / 2, sorted.begin() + count);
    return static_cast<uint64_t>(sorted[count / 2]);
}

struct Range {
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    uint64_t size() const { return static_cast<uint64_t>(max) - static_cast<uint64_t>(min); }
};

Range range_of(const uint64_t *values, uint32_t count) {
    Range range;
    for (uint32_t i = 0; i < count; ++i) {
        range.min = std::min(range.min, static_cast<int64_t>(values[i]));
        range.max = std::max(range.max, static_cast<int64_t>(values[i]));
    }
    return range;
}

// The slope of a line from the first value to the last, rounded to the coarsest unit that does not
// lose it: jitter at the ends must not tilt a regular grid.
void enter_line(const uint64_t *values, uint32_t count, const Sample &sample, Contest &contest) {
    const auto rise = static_cast<int64_t>(values[count - 1] - values[0]);
    const double slope = static_cast<double>(rise) / (count - 1);
    if (std::fabs(slope) < 1 || std::fabs(slope) > 1e18) return;
    const uint64_t unit =
        common_divisor(sample.differences.data(), sample.difference_count, 0, true);
    std::array<uint64_t, kSampleMax> residuals;
    std::array<uint64_t, kSampleMax> best;
    Model model{.transform = Transform::line, .first = values[0]};
    uint64_t best_size = UINT64_MAX;
    double coarse = static_cast<double>(unit);
    for (uint32_t i = 0; i < kLineUnitsMax && coarse <= std::fabs(slope); ++i, coarse *= 10) {
        const auto step = static_cast<uint64_t>(static_cast<int64_t>(std::llround(slope / coarse)) *
                                                static_cast<int64_t>(coarse));
        for (uint32_t k = 0; k < sample.count; ++k) {
            residuals[k] = sample.values[k] - values[0] - sample.at[k] * step;
        }
        const Range range = range_of(residuals.data(), sample.count);
        if (range.size() > best_size) continue;
        best_size = range.size();
        model.second = step;
        model.base = static_cast<uint64_t>(range.min);
        best = residuals;
    }
    if (best_size != UINT64_MAX) contest.enter(model, best.data(), sample.count);
}

// A base in the middle pays when residuals gather around it, or when a few lie far off.
bool middle_may_pay(const Range &all, const Range &sampled, Tier tier) {
    if (all.size() < kDirectTokens) return false;
    return tier == Tier::dense || width_of(all.size()) > width_of(sampled.size()) + 1;
}

}  // namespace

Packing best_packing(const TokenCounts &counts) {
    std::array<uint32_t, 65> widths{};
    uint64_t total = 0;
    uint32_t width_max = 0;
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        if (counts[token] == 0) continue;
        width_max = token < kDirectTokens ? width_of(token) : token_raw_bits(token) + 2;
        widths[width_max] += counts[token];
        total += counts[token];
    }
    Packing best{width_max, 0, total * width_max};
    uint32_t patches = 0;
    for (uint32_t width = width_max; width-- > 0;) {
        patches += widths[width + 1];
        if (patches * 4ull > total) break;
        uint64_t bits = total * width;
        for (uint32_t wide = width + 1; wide <= width_max; ++wide) {
            bits += widths[wide] * (kPatchBits + 8ull * ((wide - width + 6) / 7));
        }
        if (bits < best.bits) best = {width, patches, bits};
    }
    return best;
}

double entropy_bits(const TokenCounts &counts) {
    uint64_t total = 0;
    double bits = 0;
    for (uint32_t token = 0; token < kTokenCount; ++token) {
        if (counts[token] == 0) continue;
        const double times = counts[token];
        total += counts[token];
        bits += times * (token_raw_bits(token) - std::log2(times));
    }
    return total == 0 ? 0 : bits + static_cast<double>(total) * std::log2(total);
}

// Divisibility is a multiplication per value, a common divisor costs a hundred times as much: it is
// only sought with the first value that the divisor so far does not divide.
uint64_t common_divisor(const uint64_t *values, uint32_t count, uint64_t base, bool is_signed) {
    uint64_t divisor = 0;
    for (uint32_t from = 0; from < count; from += kDivisorBlock) {
        const uint32_t end = std::min(count, from + kDivisorBlock);
        for (uint32_t i = from; i < end; ++i) {
            // The first few nearly always lower it.
            if (i >= kDivisorStart && divisor != 0 &&
                kernels().all_multiples(values + i, end - i, base, is_signed,
                                        ExactDivisor(divisor))) {
                break;
            }
            const auto size_of = [&](uint64_t value) {
                const uint64_t offset = value - base;
                return is_signed && offset >> 63 != 0 ? 0 - offset : offset;
            };
            while (i >= kDivisorStart && i + 1 < end && divisor != 0 &&
                   size_of(values[i]) % divisor == 0) {
                ++i;
            }
            divisor = std::gcd(divisor, size_of(values[i]));
            if (divisor == 1) return 1;
        }
    }
    return divisor == 0 ? 1 : divisor;
}

Model choose_model(const uint64_t *values, uint32_t count, const Scan &scan, Tier tier) {
    Sample sample;
    take_sample(values, count, sample);
    Contest contest(count, tier);
    const Range plain{scan.min, scan.max};
    const Range sampled = range_of(sample.values.data(), sample.count);
    Model model{.base = static_cast<uint64_t>(scan.min)};
    contest.enter(model, sample.values.data(), sample.count);
    if (middle_may_pay(plain, sampled, tier)) {
        model = {.is_signed = true, .base = middle(sample.values.data(), sample.count)};
        contest.enter(model, sample.values.data(), sample.count);
    }
    const uint64_t *differences = sample.differences.data();
    const Range delta{scan.difference_min, scan.difference_max};
    const Range delta_sampled = range_of(differences, sample.difference_count);
    const bool one_way = scan.difference_min >= 0 || scan.difference_max <= 0;
    model = {.transform = Transform::delta,
             .first = values[0],
             .base = static_cast<uint64_t>(scan.difference_min)};
    contest.enter(model, differences, sample.difference_count);
    model.is_signed = true;
    model.base = 0;
    if (!one_way) contest.enter(model, differences, sample.difference_count);
    if (middle_may_pay(delta, delta_sampled, tier)) {
        model.base = middle(differences, sample.difference_count);
        if (model.base != 0) contest.enter(model, differences, sample.difference_count);
    }
    if (count >= 3 && scan.bends < count - count / 8) {
        model = {.transform = Transform::bend,
                 .is_signed = true,
                 .first = values[0],
                 .second = values[1] - values[0]};
        contest.enter(model, sample.bends.data(), sample.bend_count);
    } else if (count >= 3 && width_of(delta_sampled.size()) > 6) {
        model = {.transform = Transform::bend,
                 .is_signed = true,
                 .first = values[0],
                 .second = values[1] - values[0]};
        contest.enter(model, sample.bends.data(), sample.bend_count);
    }
    if (count >= 3 && one_way) enter_line(values, count, sample, contest);
    return contest.best();
}

}  // namespace varve::strata
