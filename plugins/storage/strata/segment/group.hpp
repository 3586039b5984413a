// Row groups as the block index describes them.
#pragma once

#include <vector>

#include "storage/strata/segment/segment_format.hpp"

namespace varve::strata {

// Where a chunk lies; size 0 = there is none.
struct ChunkPlace {
    uint64_t offset = 0;
    uint32_t size = 0;
    uint32_t sum = 0;
};

struct GroupEntry {
    uint32_t series_first = 0;
    uint32_t series_last = 0;  // the same unless packed
    uint32_t shape = 0;        // position among the segment's shapes
    uint32_t row_count = 0;
    uint32_t block_count = 1;
    int64_t time_min = 0;
    int64_t time_max = 0;
    bool packed = false;
    ChunkPlace directory;
    ChunkPlace time;
    std::vector<ChunkPlace> columns;  // like the shape's
    ChunkPlace stats;
};

// Appends the entries of one leaf in turn; each entry is coded against the one before.
class LeafWriter {
  public:
    void add(const GroupEntry &entry);
    bool empty() const { return count_ == 0; }
    size_t size() const { return bytes_.size(); }
    uint32_t last_series_first() const { return last_.series_first; }
    // The leaf's bytes and its entry but for the place; begins a new leaf.
    std::string take(LeafEntry &entry);

  private:
    std::string bytes_;
    GroupEntry last_;
    uint32_t count_ = 0;
    uint32_t series_first_ = 0;
    uint32_t series_last_ = 0;
    bool packed_ = false;
};

// Pure. `shapes` gives the number of columns per shape. data_loss when the bytes make no sense.
Result<std::vector<GroupEntry>> parse_leaf(std::string_view bytes, const LeafEntry &leaf,
                                           const std::vector<std::vector<uint32_t>> &shapes);

}  // namespace varve::strata
