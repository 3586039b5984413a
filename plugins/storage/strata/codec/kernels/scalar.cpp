#include "storage/strata/codec/kernels/generic.hpp"

namespace varve::strata {

extern const Kernels kScalarKernels;
const Kernels kScalarKernels = {
    .name = "scalar",
    .scan = generic_scan,
    .differences = generic_differences,
    .subtract_line = generic_subtract_line,
    .all_multiples = generic_all_multiples,
    .reduce = generic_reduce,
    .tokens = generic_tokens,
    .pack = generic_pack,
    .from_doubles = generic_from_doubles,
    .unpack = generic_unpack,
    .expand = generic_expand,
    .prefix_sum = generic_prefix_sum,
    .add_line = generic_add_line,
    .widen = generic_widen,
    .small_differences = generic_small_differences,
    .small_differences_to_doubles = generic_small_differences_to_doubles,
    .raw_bits = generic_raw_bits,
    .add_raw_bits = generic_add_raw_bits,
    .huffman = generic_huffman,
    .to_doubles = generic_to_doubles,
};

}  // namespace varve::strata
