// What operators read from: blocks of series, in partitions. Storage's tables, or the rows of a
// subquery.
#pragma once

#include <string_view>
#include <vector>

#include <varve/kind/storage.h>

#include "base/status.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

// What a scan is asked for; borrowed until the Scan is gone.
struct ScanSpec {
    const plan::ScanSource *source = nullptr;
    int64_t from_ns = 0;  // inclusive
    int64_t to_ns = 0;    // exclusive
    bool descending = false;
    uint64_t limit_per_series = 0;
    uint32_t partitions = 1;
    bool wants_stats = false;
    int64_t stats_span_max_ns = 0;    // blocks that span so much or more need none; 0 = all do
    std::vector<std::string> fields;  // every existing type of each is scanned
    std::vector<std::string> tag_keys;
};

// An open scan; its answers are those of varve_storage's calls (storage.h). Each partition is used
// by one thread at a time.
class Scan {
  public:
    virtual ~Scan() = default;

    struct Column {
        uint32_t field = 0;  // position in spec.fields
        plan::Type type = plan::Type::none;
    };
    virtual const std::vector<Column> &columns() const = 0;
    virtual size_t partition_count() const = 0;

    // False = no more blocks.
    virtual Result<bool> next(size_t partition, varve_block &block) = 0;
    virtual Status load(size_t partition, const varve_block &block,
                        const std::vector<uint32_t> &positions, varve_loaded &out) = 0;
    virtual Status lookup(size_t partition, const std::vector<uint32_t> &series,
                          const std::vector<int64_t> &times, const std::vector<uint32_t> &positions,
                          varve_looked_up &out) = 0;
    virtual std::string_view series_key(size_t partition, uint32_t series) const = 0;
    virtual std::string_view series_tag(size_t partition, uint32_t series, uint32_t tag) const = 0;
};

}  // namespace varve::query::exec
