// Reads a segment. Sections are checked and held in memory; chunks are read and checked one by one.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "storage/strata/manifest/manifest.hpp"
#include "storage/strata/memtable/memtable.hpp"
#include "storage/strata/segment/segment_format.hpp"

namespace varve::strata {

// One block as the index describes it.
struct BlockEntry {
    BlockHeader header;
    std::vector<ChunkEntry> chunks;  // per column
    std::vector<varve_block_stats> stats;
    std::vector<uint32_t> stats_of;  // chunk → position in stats, UINT32_MAX if none
};

// A decoded column; memory is the arena's.
struct DecodedColumn {
    const void *values = nullptr;
    const uint64_t *validity = nullptr;
};

class Segment {
  public:
    struct SchemaColumn {
        std::string_view measurement;
        std::string_view name;
        uint32_t type;
    };
    struct SeriesKeys {
        std::string_view key;
        SeriesEntry entry;
        uint32_t series = UINT32_MAX;  // the database's number, set by bind()
    };

    // Opens and checks everything but the chunks. data_loss for damage, unsupported for a newer
    // version.
    static Result<std::shared_ptr<Segment>> open(const Files &files, const std::string &path);
    ~Segment();

    const SegmentHeader &header() const { return header_; }
    const SegmentFooter &footer() const { return footer_; }
    SegmentInfo info(uint64_t id) const;
    const std::string &path() const { return path_; }
    const std::vector<SchemaColumn> &schema() const { return schema_; }
    std::vector<SeriesKeys> &keys() { return keys_; }
    const std::vector<SeriesKeys> &keys() const { return keys_; }

    // Ties the segment to the shard's columns and the database's series numbers (in keys()).
    void bind(std::vector<const Column *> columns);
    const std::vector<const Column *> &columns() const { return columns_; }
    // The series with this number, or null.
    const SeriesKeys *find(uint32_t series) const;

    // [any] The blocks of a series, ascending. data_loss when the index makes no sense.
    Status blocks(const SeriesKeys &series, std::vector<BlockEntry> &out) const;
    // [any] Reads and checks one chunk.
    Result<const int64_t *> read_times(const BlockEntry &block, Arena &arena) const;
    Result<DecodedColumn> read_column(const BlockEntry &block, const ChunkEntry &chunk,
                                      Arena &arena) const;

    // The file goes away with the last reference.
    void remove_when_closed() { remove_.store(true); }

    uint64_t id = 0;

  private:
    Segment(const Files &files, std::string path) : files_(files), path_(std::move(path)) {}
    Status read_pages();
    Status read_sections();
    Status parse_schema(std::string_view bytes);
    Status parse_keys(std::string_view bytes);
    Result<char *> read_chunk(const ChunkEntry &chunk, Arena &arena) const;
    Status damaged(std::string_view what) const;

    Files files_;
    std::string path_;
    OpenFile file_;
    SegmentHeader header_;
    SegmentFooter footer_;
    uint64_t seed_ = 0;
    std::string schema_bytes_;
    std::string keys_bytes_;
    std::string index_bytes_;
    std::vector<SchemaColumn> schema_;
    std::vector<SeriesKeys> keys_;
    std::vector<const Column *> columns_;
    std::vector<uint32_t> by_series_;  // positions in keys_, ascending by series number
    std::atomic<bool> remove_{false};
};

}  // namespace varve::strata
