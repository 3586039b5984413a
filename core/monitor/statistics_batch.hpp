// Modules as rows: one measurement per module, its tags and the machine's name as tags, its values
// as integer fields.
#pragma once

#include <string_view>

#include <varve/batch.h>

#include "monitor/statistics.hpp"

namespace varve::monitor {

// Owns copies of all names and values; its `release` frees it. Null if no module has values.
varve_batch *make_batch(const Modules &modules, std::string_view hostname, int64_t time_ns,
                        uint64_t hash_seed);

}  // namespace varve::monitor
