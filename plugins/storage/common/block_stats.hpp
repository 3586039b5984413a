// Statistics of one column of a block, from its values.
#pragma once

#include <varve/kind/storage.h>

namespace varve::storage {

// Nulls are not counted. No MINMAX when there is a NaN among the values; no SUM for booleans; only
// the count for strings. Of equal extremes the earliest time is kept. Integer sums wrap.
varve_block_stats block_stats(uint32_t type, const void *values, const uint64_t *validity,
                              const int64_t *times, uint32_t row_count);

}  // namespace varve::storage
