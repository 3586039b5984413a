// A row group being read: what was asked for is decoded once and kept. One thread at a time.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "storage/strata/segment/segment.hpp"

namespace varve::strata {

// A decoded column; memory is somebody's arena.
struct DecodedColumn {
    const void *values = nullptr;
    const uint64_t *validity = nullptr;
};

// Bytes per value of a decoded column.
inline size_t width_of(uint32_t type) {
    if (type == VARVE_TYPE_STRING) return sizeof(varve_str);
    return type == VARVE_TYPE_BOOLEAN ? 1 : 8;
}

// Rows [from, from + count) of a column, aligned; copies only where it must.
DecodedColumn slice(const DecodedColumn &column, uint32_t type, uint32_t from, uint32_t count,
                    Arena &arena);

// Rows of one series inside a group.
struct GroupBlock {
    uint32_t row_from = 0;
    uint32_t row_count = 0;
    int64_t time_min = 0;  // of the block, exact
    int64_t time_max = 0;
};

// The times of a group, decoded.
struct DecodedTimes {
    explicit DecodedTimes(BlockPool &pool) : arena(&pool) {}

    std::shared_ptr<const Segment> segment;
    std::string_view bytes;  // what they were decoded from
    uint32_t count = 0;
    int64_t *values = nullptr;
    Arena arena;  // of bytes and values
};

// What the groups of one reader share. One thread; lives longer than the groups.
class GroupMemory {
  public:
    BlockPool &blocks() { return blocks_; }

    // Series that are sampled together have chunks of times that say the same: the latest few are
    // decoded once.
    Result<std::shared_ptr<const DecodedTimes>> times(const std::shared_ptr<const Segment> &segment,
                                                      std::string_view bytes, uint32_t count);

  private:
    static constexpr size_t kTimesMax = 8;

    BlockPool blocks_;
    std::vector<std::shared_ptr<const DecodedTimes>> times_;  // the next to go first
};

class DecodedGroup {
  public:
    DecodedGroup(std::shared_ptr<const Segment> segment, std::shared_ptr<const Leaf> leaf,
                 const GroupEntry &entry, GroupMemory &memory)
        : segment_(std::move(segment)),
          leaf_(std::move(leaf)),
          entry_(entry),
          memory_(memory),
          arena_(&memory.blocks()) {}

    const Segment &segment() const { return *segment_; }
    const GroupEntry &entry() const { return entry_; }
    // Whether the group's shape has the column.
    bool has(const Column *column) const { return position_of(column) >= 0; }

    // The positions [from, to) of the series' blocks; empty when it has none here.
    Result<std::pair<uint32_t, uint32_t>> blocks_of(uint32_t series);
    // The block at a position.
    Result<GroupBlock> block(uint32_t position);
    // All rows' times.
    Result<const int64_t *> times();
    // All rows' values; nothing when the shape lacks the column.
    Result<std::optional<DecodedColumn>> column(const Column *column);
    // The statistics of a block's column; present = 0 and count = 0 when none are kept.
    Result<varve_block_stats> stats(const Column *column, uint32_t position);

    // Gives the memory back; what is asked for later is decoded again.
    void forget();
    uint64_t size_bytes() const {
        return arena_.size_bytes() + (times_ == nullptr ? 0 : times_->arena.size_bytes());
    }

  private:
    int64_t position_of(const Column *column) const;
    using TypeStats = std::vector<ColumnStats>;
    struct Directory {
        std::vector<uint32_t> ends;        // of the blocks
        std::vector<int64_t> series;       // per block, where the group is packed
        std::vector<int64_t> first_times;  // per block, where they are kept
        std::vector<int64_t> spans;
    };
    Result<std::shared_ptr<const Directory>> make_directory();
    Result<std::shared_ptr<const TypeStats>> make_stats(uint32_t type);
    Status read_directory();
    Status read_stats(uint32_t type);
    Status damaged(std::string_view what) const;
    Result<const int64_t *> ints(std::string_view bytes, uint32_t count);
    Result<DecodedColumn> decode(const ChunkPlace &place, uint32_t type);
    Status decode_values(std::string_view bytes, uint32_t type, uint32_t count, void *&values);
    void spread(uint32_t type, uint32_t count, const uint64_t *validity, char *values);

    std::shared_ptr<const Segment> segment_;
    std::shared_ptr<const Leaf> leaf_;  // holds the entry
    const GroupEntry &entry_;
    GroupMemory &memory_;
    Arena arena_;
    std::shared_ptr<const Directory> directory_;
    std::shared_ptr<const DecodedTimes> times_;
    std::vector<std::pair<uint32_t, DecodedColumn>> columns_;  // by position, those decoded
    std::string_view stats_bytes_;
    // Per type: of its columns, one behind the other, per block.
    std::array<std::shared_ptr<const TypeStats>, VARVE_TYPE_BOOLEAN + 1> stats_;
};

// The leaves and packed groups that a reader going through many series will need again; with
// `keeps_own` also the groups of one series, for look-ups. The least recently used ones go first.
class GroupCache {
  public:
    explicit GroupCache(uint64_t size_max = 32 << 20, bool keeps_own = false)
        : size_max_(size_max), keeps_own_(keeps_own) {}

    // Appends the groups of the measurement that may hold rows of the series, in the order of the
    // index.
    Status groups_of(const std::shared_ptr<const Segment> &segment, uint32_t series,
                     std::string_view measurement, std::vector<std::shared_ptr<DecodedGroup>> &out);
    uint64_t size_bytes() const { return size_bytes_; }

  private:
    using Place = std::pair<const void *, uint64_t>;  // segment and offset or position
    struct PlaceHash {
        size_t operator()(const Place &place) const {
            return reinterpret_cast<uintptr_t>(place.first) / 64 * 0x9e3779b97f4a7c15 ^
                   place.second;
        }
    };
    struct Known {
        std::shared_ptr<DecodedGroup> group;
        uint64_t size_bytes = 0;  // when it was last looked at
        std::list<Place>::iterator age;
    };
    static constexpr size_t kLeavesMax = 1024;

    Result<std::shared_ptr<const Leaf>> leaf(const Segment &segment, uint32_t position);
    std::shared_ptr<DecodedGroup> kept(const std::shared_ptr<const Segment> &segment,
                                       const std::shared_ptr<const Leaf> &leaf,
                                       const GroupEntry &entry);
    void make_room();

    uint64_t size_max_;
    bool keeps_own_;
    GroupMemory memory_;
    std::unordered_map<Place, std::shared_ptr<const Leaf>, PlaceHash> leaves_;
    std::unordered_map<Place, Known, PlaceHash> groups_;
    std::list<Place> ages_;  // the last used one last
    uint64_t size_bytes_ = 0;
};

}  // namespace varve::strata
