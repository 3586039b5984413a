// Rows that the server itself writes (SELECT INTO), gathered into a varve_batch: one table per
// measurement and exact set of fields. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <varve/batch.h>

#include "base/status.hpp"
#include "model/series_key.hpp"

namespace varve {

// Points of one write.
inline constexpr uint64_t kRowBatchRows = 10'000;
// A write of texts this long is sent before it has as many points.
inline constexpr uint64_t kRowBatchBytes = uint64_t{16} << 20;

class RowBatch {
  public:
    struct Value {
        std::string_view name;
        uint32_t type = 0;      // varve_type
        uint64_t bits = 0;      // numbers bit by bit, booleans 0 or 1
        std::string_view text;  // strings; copied
    };

    // Rows are counted from `first_ordinal`.
    explicit RowBatch(uint32_t first_ordinal = 0);
    ~RowBatch();

    // Whose the rows are that follow. Errors as make_series_key's.
    Status begin_series(std::string_view measurement, const Tags &tags);
    // Each name once; a row without values is none.
    void add_row(int64_t time_ns, std::span<const Value> values);

    uint64_t row_count() const { return row_count_; }
    uint64_t size_bytes() const { return size_bytes_; }  // about what it holds
    // There is as much as one write should have.
    bool is_full() const { return row_count_ >= kRowBatchRows || size_bytes_ >= kRowBatchBytes; }

    // The rows so far, to be released by the caller; null if there are none. Empty afterwards.
    varve_batch *finish(uint64_t hash_seed);

  private:
    struct Table;
    class Finished;

    Table &table_for(std::span<const Value> values);

    const uint32_t first_ordinal_;
    std::vector<std::unique_ptr<Table>> tables_;
    std::unordered_map<std::string, std::vector<Table *>> by_measurement_;
    Table *last_table_ = nullptr;  // of the last row
    std::string measurement_;
    std::string key_;
    uint64_t series_ = 0;  // counts begin_series
    uint64_t row_count_ = 0;
    uint64_t size_bytes_ = 0;
};

}  // namespace varve
