// A scan of the memory engine: all rows are copied when the scan opens, so a partition is plain
// data.
#pragma once

#include <deque>
#include <memory>

#include "storage/memory/memory_store.hpp"

namespace varve::memory {

// One column of one series; strings in `texts`, all others in `words` or `bytes`, nulls as zero.
struct ColumnData {
    uint32_t type = 0;
    std::vector<uint64_t> words;
    std::vector<uint8_t> bytes;
    std::deque<std::string> owned;
    std::vector<varve_str> texts;
    std::vector<bool> valid;

    void push(const Value *value);
    // Rows [from, to) as a column of the ABI, in memory of its own.
    struct Slice {
        std::unique_ptr<void, void (*)(void *)> values{nullptr, nullptr};
        std::vector<uint64_t> validity;
    };
    varve_column slice(varve_str name, size_t from, size_t to, Slice &memory) const;
};

struct SeriesData {
    const storage::Series *series = nullptr;
    std::vector<int64_t> times;
    std::vector<ColumnData> columns;  // per column of the scan
};

// Copies the visible rows of a series from these shards.
SeriesData copy_series(const storage::Series &series, const Snapshot &snapshot,
                       const std::vector<std::shared_ptr<Shard>> &shards,
                       const storage::ScanShape &shape);

class MemoryPartition final : public storage::Partition {
  public:
    MemoryPartition(std::shared_ptr<const storage::ScanShape> shape, std::vector<SeriesData> series,
                    const varve_host_memory *memory);

    // Charges what was copied; resource_exhausted when the account does not allow it.
    Status charge();

    Status next(varve_block &block) override;
    Status load(const varve_block &block, std::span<const uint32_t> positions,
                varve_loaded &out) override;
    std::string_view series_key(uint32_t series) override;
    std::string_view series_tag(uint32_t series, uint32_t tag) override;
    Status lookup(std::span<const uint32_t> series, std::span<const int64_t> times,
                  std::span<const uint32_t> positions, varve_looked_up &out) override;

  private:
    struct BlockAt {
        uint32_t series;
        size_t from;
        size_t to;
    };

    std::shared_ptr<const storage::ScanShape> shape_;
    std::vector<SeriesData> series_;
    std::vector<BlockAt> blocks_;
    size_t next_ = 0;
    storage::Charge charge_;
    std::vector<varve_block_stats> stats_;
    std::vector<varve_column> columns_;
    std::deque<ColumnData::Slice> slices_;
    std::vector<varve_column> looked_up_;
    std::deque<ColumnData::Slice> looked_up_slices_;
};

}  // namespace varve::memory
