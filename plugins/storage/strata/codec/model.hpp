// Choosing how a chunk of integers is modelled, by what a sample of it would cost.
#pragma once

#include "storage/strata/codec/huffman.hpp"
#include "storage/strata/codec/ints.hpp"
#include "storage/strata/codec/kernels/kernels.hpp"

namespace varve::strata {

// The best width to pack numbers at, with patches for what is wider.
struct Packing {
    uint32_t width = 0;
    uint32_t patches = 0;
    uint64_t bits = 0;  // patches included
};
Packing best_packing(const TokenCounts &counts);

// What the tokens cost with a code of their own that wastes nothing, raw bits included.
double entropy_bits(const TokenCounts &counts);

// The greatest common divisor of all (values[i] - base), as magnitudes if is_signed; 1 if all are
// 0.
uint64_t common_divisor(const uint64_t *values, uint32_t count, uint64_t base, bool is_signed);

// The transform, sign and base for values that are neither constant nor a progression.
Model choose_model(const uint64_t *values, uint32_t count, const Scan &scan, Tier tier);

}  // namespace varve::strata
