// Writes one index file from series in memory.
#pragma once

#include <string>

#include "storage/strata/index/file/index_format.hpp"
#include "storage/strata/index/file/index_manifest.hpp"
#include "storage/strata/index/series_table.hpp"

namespace varve::strata {

// The bytes of a file with these series, at least one, whose hashes are of their keys with
// `hash_seed`. resource_exhausted when a part outgrows the format.
Result<std::string> render_index(const SeriesTable &table, const Uuid &uuid, uint64_t hash_seed);

// Renders the table and writes it to `path`, through a temporary neighbour: durable, under its
// name, when this returns.
Result<IndexFileInfo> write_index(const Files &files, const std::string &path, uint64_t number,
                                  const SeriesTable &table, uint64_t hash_seed);

}  // namespace varve::strata
