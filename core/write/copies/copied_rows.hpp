// A batch together with the copies that rules make of its rows, as one batch: one write, one frame
// of the log, so that a row and its copies are stored and seen together or not at all.
#pragma once

#include "write/copies/copy_rules.hpp"

namespace varve {

// Of all copies of one write.
inline constexpr uint64_t kCopiesSizeMax = uint64_t{256} << 20;

struct CopiedRows {
    varve_batch *batch = nullptr;  // owns the given one; null = nothing is copied
    uint64_t rows = 0;             // copies
    uint64_t unnamed = 0;          // copies that are none, because no series can have their name
    std::string first_error;       // of those
};

// Rows that `keep` leaves out are not copied, nor are copies. The batch is the caller's still where
// nothing is copied, or after resource_exhausted.
Result<CopiedRows> copy_rows(varve_batch *batch, const CopyRules::List &rules,
                             uint64_t size_max = kCopiesSizeMax);

}  // namespace varve
