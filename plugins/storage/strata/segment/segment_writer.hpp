// Writes one segment: begin, then per series in the order of keys its blocks in the order of time,
// then finish. The file gets its name only when it is whole and synced.
#pragma once

#include <map>
#include <vector>

#include "storage/strata/manifest/manifest.hpp"
#include "storage/strata/memtable/memtable.hpp"
#include "storage/strata/segment/segment_format.hpp"

namespace varve::strata {

// Rows of one series, ascending in time, with one typed column per varve_column.
struct BlockRows {
    uint32_t row_count = 0;
    const int64_t *times = nullptr;
    std::vector<const Column *> columns;
    std::vector<varve_column> values;  // like `columns`
};

class SegmentWriter {
  public:
    SegmentWriter(const Files &files, std::string path, const ShardIdentity &shard, uint64_t id);
    ~SegmentWriter();

    Status begin();
    void begin_series(std::string_view key);
    // At most VARVE_BLOCK_ROWS_MAX rows. Columns without any value are left out.
    Status add_block(const BlockRows &rows);
    // Drops a series without blocks. Makes the file durable under its name.
    Result<SegmentInfo> finish(uint64_t lsn_min, uint64_t lsn_max);

  private:
    uint32_t column_position(const Column *column);
    Status append_chunk(std::string_view bytes, ChunkEntry &entry);
    Status flush();
    Status append_section(SectionKind kind, std::string_view bytes, SegmentFooter &footer);
    void close_series();
    std::string header_page(uint64_t lsn_min, uint64_t lsn_max) const;

    Files files_;
    std::string path_;
    ShardIdentity shard_;
    SegmentInfo info_;
    uint64_t seed_ = 0;
    OpenFile file_;
    bool finished_ = false;
    std::string buffer_;
    uint64_t buffer_offset_ = 0;
    std::map<const Column *, uint32_t> positions_;
    std::vector<const Column *> columns_;
    std::string keys_;
    std::string index_;
    std::string key_;
    SeriesEntry series_;
    SegmentFooter footer_;
};

}  // namespace varve::strata
