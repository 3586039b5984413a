// One series of one shard, from all its sources, as blocks: last write wins, ascending in time.
//
//   1. The blocks of all segments are put in order of time; those that overlap form a cluster.
//   2. Rows of memtables that fall into a cluster join it, the others form clusters of their own.
//   3. A cluster of one segment block alone is passed on as it is, with its statistics (exact).
//   4. Any other cluster is merged when its turn comes: (time, LSN, ordinal) of all its rows are
//   sorted,
//      equal times form a group, and a column's value is that of the newest row of the group that
//      has one. Its blocks are clipped to the range and carry no statistics.
//
// Memory: a cluster's order takes 32 bytes a row inside the range.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "storage/common/partition.hpp"
#include "storage/strata/segment/segment.hpp"

namespace varve::strata {

// What a shard's rows consist of at one moment. Memtables and segments in the order of their LSNs.
struct Sources {
    std::vector<std::shared_ptr<const Memtable>> memtables;
    std::vector<std::shared_ptr<Segment>> segments;
};

struct ReadOptions {
    storage::TimeRange range;
    uint64_t lsn = UINT64_MAX;  // rows of memtables above it are not seen
    bool descending = false;
    bool one_cluster = false;  // merge everything, so that short blocks grow together
};

class SeriesReader {
  public:
    // `wanted`: the columns by position; null for one that the shard does not have. Rows that have
    // none of them may be left out, unless nothing is wanted.
    SeriesReader(std::shared_ptr<const Sources> sources, uint32_t series,
                 std::vector<const Column *> wanted, const ReadOptions &options);

    // Collects the sources. Once, before anything else.
    Status open();
    // Every column that any source of the series has; after open().
    std::vector<const Column *> all_columns() const;
    void want(std::vector<const Column *> columns) { wanted_ = std::move(columns); }

    // The next block, or Code::end.
    Status next();
    uint32_t row_count() const { return row_count_; }
    int64_t time_min() const { return time_min_; }
    int64_t time_max() const { return time_max_; }
    // Per wanted column; null when none are kept.
    const varve_block_stats *stats() const { return has_stats_ ? stats_.data() : nullptr; }

    // Of the current block, all its rows; memory lives until the next call of next().
    Result<const int64_t *> times();
    Result<DecodedColumn> column(uint32_t position);

    uint64_t size_bytes() const;

  private:
    struct SegmentBlock {
        const Segment *segment;
        BlockEntry entry;
    };
    struct Entry {
        int64_t time;
        uint64_t lsn;
        uint32_t ordinal;
        uint32_t source;  // a chunk, or behind the chunks a block of the cluster
        uint64_t row;
        bool operator<(const Entry &other) const {
            if (time != other.time) return time < other.time;
            return lsn != other.lsn ? lsn < other.lsn : ordinal < other.ordinal;
        }
    };
    struct Cluster {
        std::vector<uint32_t> blocks;
        size_t entry_from = 0;
        size_t entry_to = 0;
        int64_t time_min = 0;
        int64_t time_max = 0;
    };

    Status collect_segments();
    void collect_memtables();
    bool has_wanted(const std::vector<const Column *> &columns) const;
    bool has_wanted(const Segment &segment, const BlockEntry &block) const;
    void build_clusters();
    bool is_direct(const Cluster &cluster) const;
    Status open_cluster();
    Status next_direct(const Cluster &cluster);
    void next_merged();
    const ChunkEntry *find_chunk(const SegmentBlock &block, const Column *column) const;
    Status fill_merged(uint32_t position, uint64_t *words, uint64_t *validity, bool &all_valid);
    Result<DecodedColumn> merged_column(uint32_t position);

    std::shared_ptr<const Sources> sources_;
    uint32_t series_;
    std::vector<const Column *> wanted_;
    ReadOptions options_;

    std::vector<SegmentBlock> blocks_;
    std::vector<const Chunk *> chunks_;
    std::vector<Entry> memory_rows_;
    std::vector<Cluster> clusters_;
    size_t next_cluster_ = 0;

    Arena cluster_arena_;
    const Cluster *cluster_ = nullptr;  // the merged one whose blocks are being handed out
    std::vector<Entry> entries_;
    std::vector<size_t> groups_;  // starts in entries_, and the end
    size_t group_left_from_ = 0;  // groups not handed out yet
    size_t group_left_to_ = 0;
    std::vector<std::vector<std::optional<DecodedColumn>>> decoded_;  // position, block of cluster

    Arena block_arena_;
    const SegmentBlock *direct_ = nullptr;
    size_t group_from_ = 0;
    const int64_t *times_ = nullptr;
    uint32_t row_count_ = 0;
    int64_t time_min_ = 0;
    int64_t time_max_ = 0;
    bool has_stats_ = false;
    std::vector<varve_block_stats> stats_;
};

}  // namespace varve::strata
