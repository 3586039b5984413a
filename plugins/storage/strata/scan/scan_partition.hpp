// A partition of a scan: series one after the other, each through all shards of the range.
#pragma once

#include <unordered_map>

#include "common/series_key.hpp"
#include "storage/strata/index/series_index.hpp"
#include "storage/strata/scan/series_reader.hpp"

namespace varve::strata {

// A shard's part in a scan; in the order of time.
struct ShardScan {
    std::shared_ptr<const void> keeper;  // the shard, so that its columns stay
    std::shared_ptr<const Sources> sources;
    std::vector<const Column *> wanted;  // per column of the scan, null where the shard has none
    Bitmap possible;                     // the series that may have rows
    int64_t from_ns = 0;
    int64_t to_ns = 0;
};

struct ScanState {
    storage::ScanShape shape;
    std::vector<ShardScan> shards;
    std::string measurement;
    std::shared_ptr<const void> keeper;  // the database, so that its index stays
    const SeriesIndex *index = nullptr;
    uint64_t lsn = 0;
    const varve_host_memory *memory = nullptr;
    // Conditions whose column is scanned: position in shape.columns, and the condition.
    std::vector<std::pair<uint32_t, const varve_value_condition *>> conditions;

    // Whether no row of a block with these statistics can meet all conditions.
    bool excludes(const varve_block_stats *stats) const;
};

class ScanPartition final : public storage::Partition {
  public:
    ScanPartition(std::shared_ptr<const ScanState> state, std::vector<uint32_t> series);

    Status next(varve_block &block) override;
    Status load(const varve_block &block, std::span<const uint32_t> positions,
                varve_loaded &out) override;
    std::string_view series_key(uint32_t series) override;
    std::string_view series_tag(uint32_t series, uint32_t tag) override;
    Status lookup(std::span<const uint32_t> series, std::span<const int64_t> times,
                  std::span<const uint32_t> positions, varve_looked_up &out) override;

  private:
    struct Key {
        std::string text;
        series_key::Parts parts;
    };
    // A series' key is read before its first block is handed out.
    Status load_key(uint32_t series);
    const ShardScan &shard() const;
    bool shard_has(uint32_t series) const { return shard().possible.contains(series); }
    Status open_reader();
    Status next_block();
    Status charge();
    Status lookup_one(uint32_t series, int64_t time, std::span<const uint32_t> positions,
                      size_t row);

    std::shared_ptr<const ScanState> state_;
    std::vector<uint32_t> series_;
    size_t series_at_ = 0;
    size_t shard_at_ = 0;
    uint64_t rows_given_ = 0;  // of this series
    uint64_t blocks_ = 0;
    GroupCache cache_;
    GroupCache lookup_cache_{8 << 20, true};
    std::unique_ptr<SeriesReader> reader_;  // of the shard last read
    size_t reader_shard_ = 0;
    bool reading_ = false;  // reader_ is at the current series and shard
    const varve_block_stats *stats_ = nullptr;
    bool loaded_ = false;
    bool counted_ = false;  // the block's rows are in rows_given_
    uint32_t clip_from_ = 0;
    uint32_t clip_to_ = 0;
    const int64_t *times_ = nullptr;
    Arena clip_arena_;
    std::vector<varve_column> columns_;
    Arena lookup_arena_;
    std::vector<varve_column> looked_up_;
    KeyCursor key_cursor_;
    std::unordered_map<uint32_t, std::unique_ptr<Key>> keys_;  // of the series seen so far
    uint64_t keys_bytes_ = 0;
    storage::Charge charge_;
    uint64_t charged_ = 0;
};

}  // namespace varve::strata
