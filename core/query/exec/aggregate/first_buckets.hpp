// LIMIT over buckets: what is wanted lies in the first of them.
#pragma once

#include <optional>

#include "query/exec/run_select.hpp"

namespace varve::query::exec {

// The end of the buckets that the LIMIT of an ascending select can reach, if that leaves some of
// its range unread: a survey of block headers says where every group begins. What is run up to
// there is what the whole range would give if all `groups` have as many rows as the LIMIT; a field
// without values may still leave one short.
struct FirstBuckets {
    int64_t end_ns = 0;  // exclusive
    size_t groups = 0;
};
Result<std::optional<FirstBuckets>> find_first_buckets(const Run &run,
                                                       const plan::Measurement &measurement);

}  // namespace varve::query::exec
