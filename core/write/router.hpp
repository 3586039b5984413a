// Which shard groups a batch's rows belong to.
#pragma once

#include "model/catalog.hpp"
#include "write/submission.hpp"

namespace varve {

// Fills submission.shards with the groups of all kept rows, sorted and disjoint; makes missing
// groups in the catalog, durably.
Status route(Submission &submission, Catalog &catalog);

}  // namespace varve
