// A module "shard" for each shard, from what the storage engine says of itself.
#pragma once

#include <string>
#include <string_view>

#include "monitor/statistics.hpp"

namespace varve::monitor {

// status: the JSON object of varve_storage_maintenance.status. Shards are named by the engine's own
// place for them below data_dir. A status without shards adds nothing.
void add_shards(std::string_view status, const std::string &data_dir, Modules &out);

}  // namespace varve::monitor
