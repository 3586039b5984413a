// Writes one segment: begin, then per series in the order of ids its rows in the order of time,
// then finish. The file gets its name only when it is whole and synced.
//
// Rows of a series gather until a row group is full. Series with few rows wait in a pool per shape
// and are written together as packed groups.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "storage/strata/index/bitmap.hpp"
#include "storage/strata/manifest/manifest.hpp"
#include "storage/strata/segment/group_encoder.hpp"

namespace varve::strata {

class SegmentWriter {
  public:
    SegmentWriter(const Files &files, std::string path, const ShardIdentity &shard, uint64_t id,
                  Tier tier);
    ~SegmentWriter();

    Status begin();
    // The next series, its id above all before; `columns` are those that its rows may have.
    Status begin_series(uint32_t series, std::string_view key, std::vector<const Column *> columns);
    // More rows of the series, behind the ones before.
    Status add_rows(const BlockRows &rows);
    struct Lsns {
        uint64_t min = 0;
        uint64_t max = 0;
        uint64_t applied = 0;  // deletes up to here have been applied to the rows
    };
    // Drops series without rows. Makes the file durable under its name.
    Result<SegmentInfo> finish(const Lsns &lsns);

    bool has_rows() const { return footer_.series_count != 0 || rows_.row_count() != 0; }
    // About the size of the file so far.
    uint64_t size_bytes() const;

  private:
    using Shape = std::vector<const Column *>;
    struct Pool {
        RowBuffer rows;
        std::vector<Run> runs;
    };

    Status close_series();
    Status write_group();
    Status pack(const Shape &shape);
    Status write_pool(Pool &pool);
    // The pools with at least so many rows, at least 1.
    Status write_pools(uint64_t rows_min);
    Status append_group(const EncodedGroup &group, GroupEntry &entry);
    Status append_chunk(std::string_view bytes, ChunkPlace &place);
    Status flush();
    Status add_key();
    Status close_keys_frame();
    void close_leaf(LeafWriter &leaf);
    uint32_t shape_position(const Shape &shape);
    std::string render_schema() const;
    Status append_section(SectionKind kind, std::string_view bytes);
    Status write_sections();
    std::string header_page(const Lsns &lsns) const;

    Files files_;
    std::string path_;
    ShardIdentity shard_;
    SegmentInfo info_;
    Tier tier_;
    CodebookWriter codebooks_;
    EncodeContext context_;
    uint64_t seed_ = 0;
    OpenFile file_;
    bool finished_ = false;
    std::string buffer_;
    uint64_t buffer_offset_ = 0;
    SegmentFooter footer_;

    uint32_t series_ = 0;
    std::string key_;
    RowBuffer rows_;
    bool series_has_groups_ = false;
    std::map<Shape, Pool> pools_;
    uint64_t pooled_rows_ = 0;

    std::vector<const Column *> columns_;
    std::unordered_map<const Column *, uint32_t> column_positions_;
    std::map<Shape, uint32_t> shapes_;
    std::vector<std::vector<uint32_t>> shape_columns_;
    std::map<std::pair<uint64_t, uint64_t>, ChunkPlace> times_;  // 128-bit hash → where it is
    Bitmap filter_;
    std::string keys_;
    std::string keys_frame_;
    uint32_t keys_last_ = 0;
    LeafWriter own_leaf_;
    LeafWriter packed_leaf_;
    std::string index_;
    std::vector<LeafEntry> own_leaves_;
    std::vector<LeafEntry> packed_leaves_;
    std::string stats_;
};

}  // namespace varve::strata
