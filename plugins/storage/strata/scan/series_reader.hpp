// One series of one shard, from all its sources, as blocks: last write wins, deletes hide,
// ascending in time.
//
//   1. The row groups of all segments are put in order of time. A group that overlaps nothing else
//      and no delete is passed on block by block as it is, with its statistics (exact).
//   2. Groups that overlap are taken apart into blocks; overlapping blocks form a cluster.
//   3. Rows of memtables that fall into a cluster join it, the others form clusters of their own.
//   4. A cluster of one untouched block alone is passed on as it is. Any other is merged when its
//      turn comes: (time, LSN, ordinal) of all its rows are sorted, hidden rows are taken out,
//      equal times form a row, and a column's value is that of the newest entry of the row that
//      has one. Its blocks are clipped to the range and carry no statistics.
//
// Memory: a cluster's order takes 40 bytes a row inside the range.
#pragma once

#include <memory>
#include <vector>

#include "storage/common/partition.hpp"
#include "storage/strata/scan/tombstone.hpp"
#include "storage/strata/segment/decoded_group.hpp"
#include "storage/strata/segment/row_buffer.hpp"

namespace varve::strata {

// What a shard's rows consist of at one moment. Memtables and segments in the order of their LSNs,
// tombstones too.
struct Sources {
    std::vector<std::shared_ptr<const Memtable>> memtables;
    std::vector<std::shared_ptr<Segment>> segments;
    std::vector<std::shared_ptr<const Tombstone>> tombstones;
    const ColumnTable *columns = nullptr;  // the shard's
};

struct ReadOptions {
    storage::TimeRange range;
    uint64_t lsn = UINT64_MAX;  // rows of memtables above it are not seen
    bool descending = false;
};

class SeriesReader {
  public:
    // `wanted`: the columns by position; null for one that the shard does not have. Rows that have
    // none of them may be left out, unless nothing is wanted. `cache` outlives the reader.
    SeriesReader(std::shared_ptr<const Sources> sources, uint32_t series,
                 std::string_view measurement, std::vector<const Column *> wanted,
                 const ReadOptions &options, GroupCache &cache);

    // Collects the sources. Once, before anything else.
    Status open();
    // Goes on to another series of the same sources; keeps its memory.
    Status reopen(uint32_t series, std::string_view measurement,
                  std::vector<const Column *> wanted);
    // Every column that any source of the series has; after open().
    std::vector<const Column *> all_columns() const;
    void want(std::vector<const Column *> columns) { wanted_ = std::move(columns); }

    // The next block, or Code::end.
    Status next();
    uint32_t row_count() const { return row_count_; }
    int64_t time_min() const { return time_min_; }
    int64_t time_max() const { return time_max_; }
    // Per wanted column; null when none are kept. Reads them when they are first asked for.
    Result<const varve_block_stats *> stats();

    // Of the current block, all its rows; memory lives until the next call of next().
    Result<const int64_t *> times();
    Result<DecodedColumn> column(uint32_t position);
    // The whole block: all wanted columns.
    Status read_block(BlockRows &rows);

    uint64_t size_bytes() const;

  private:
    // A block of a group, or (kWhole) all blocks of a group of one series.
    struct Piece {
        uint32_t group;
        uint32_t block;
        uint32_t row_from;
        uint32_t row_count;
        int64_t time_min;
        int64_t time_max;
        bool merge;  // a delete touches it
    };
    static constexpr uint32_t kWhole = UINT32_MAX;
    struct Entry {
        int64_t time;
        uint64_t lsn;
        uint32_t ordinal;
        uint32_t source;  // a chunk, or behind the chunks a group
        uint32_t row;
        bool operator<(const Entry &other) const {
            if (time != other.time) return time < other.time;
            return lsn != other.lsn ? lsn < other.lsn : ordinal < other.ordinal;
        }
    };
    static void sort(std::vector<Entry> &entries);
    struct Cluster {
        std::vector<Piece> pieces;
        size_t entry_from = 0;
        size_t entry_to = 0;
        int64_t time_min = 0;
        int64_t time_max = 0;
        bool merge = false;
    };

    Status collect_groups();
    void collect_memtables();
    void collect_chunk(const Chunk &chunk, uint32_t count);
    bool has_wanted(const std::vector<const Column *> &columns) const;
    bool has_wanted(const DecodedGroup &group) const;
    // What deletes above an LSN do to rows in this range: hide them all, or some.
    enum class Effect { none, some, all };
    Effect effect(uint64_t lsn, int64_t time_min, int64_t time_max) const;
    Status make_pieces(std::vector<Piece> &pieces);
    Status split(uint32_t group, std::vector<Piece> &pieces);
    Status build_clusters();
    Status hide_by_conditions();
    Status open_cluster();
    Status next_direct(const Piece &piece);
    bool next_of_group();
    void leave_cluster();
    void next_merged();
    // Where the values of one column lie in the source that was asked last.
    struct Probe {
        const Column *column;
        uint32_t source = UINT32_MAX;
        const Chunk *chunk = nullptr;              // null: the source is a group
        int64_t offset = -1;                       // in the words of a chunk's row; −1: not there
        std::optional<DecodedColumn> values = {};  // a group's
    };
    Status bind(uint32_t source, Probe &probe);
    bool value_of(uint32_t row, const Probe &probe, uint64_t &word);
    Status fill_merged(const Column *column, uint64_t *words, uint64_t *validity, bool &all_valid);
    DecodedColumn uniform_column(const Column *column);
    Result<DecodedColumn> merged_column(uint32_t position);
    DecodedColumn no_values();

    std::shared_ptr<const Sources> sources_;
    uint32_t series_;
    std::string_view measurement_;
    std::vector<const Column *> wanted_;
    ReadOptions options_;
    GroupCache &cache_;

    std::vector<const Tombstone *> tombstones_;  // that concern the series, in the order of LSNs
    bool conditional_ = false;                   // one of them has conditions
    std::vector<std::shared_ptr<DecodedGroup>> groups_;
    std::vector<const Chunk *> chunks_;
    const Shape *only_shape_ = nullptr;  // of all chunks; null when they have several
    std::vector<Entry> memory_rows_;
    std::vector<Cluster> clusters_;
    size_t next_cluster_ = 0;

    const Cluster *cluster_ = nullptr;  // the merged one whose blocks are being handed out
    bool uniform_ = false;  // all entries are rows of only_shape_: the newest has every value
    std::vector<Entry> entries_;
    std::vector<size_t> rows_;   // starts in entries_, and the end
    size_t rows_left_from_ = 0;  // not handed out yet
    size_t rows_left_to_ = 0;
    DecodedGroup *walked_ = nullptr;  // the whole group whose blocks are being handed out
    uint32_t blocks_left_from_ = 0;
    uint32_t blocks_left_to_ = 0;

    Arena block_arena_;
    DecodedGroup *direct_ = nullptr;
    Piece piece_{};
    size_t row_from_ = 0;
    const int64_t *times_ = nullptr;
    uint32_t row_count_ = 0;
    int64_t time_min_ = 0;
    int64_t time_max_ = 0;
    bool has_stats_ = false;
    std::vector<varve_block_stats> stats_;
};

}  // namespace varve::strata
