// Series taken apart into columns, in memory: what the head answers readers from and what an index
// file is written from.
//
//   series   { id, shape, its values' numbers }
//   shape    { measurement, columns }             columns ascend by tag key
//   column   distinct values of one tag of one measurement, numbered in order of arrival
//
// Measurements and tag keys are columns too (0 and 1), so every text has one place. Texts are
// copied into an arena once.
//
// One thread changes it; afterwards any number may read.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/series_key.hpp"
#include "storage/strata/files/arena.hpp"

namespace varve::strata {

class SeriesTable {
  public:
    struct Series {
        uint32_t id = 0;
        uint32_t shape = 0;
        uint64_t values = 0;  // place of its first value's number
        uint64_t hash = 0;    // of its key
    };
    struct Shape {
        uint32_t measurement = 0;
        std::vector<uint32_t> columns;
    };
    struct Column {
        uint32_t measurement = 0;
        uint32_t key = 0;                     // place of the tag key in column 1
        std::vector<std::string_view> texts;  // by number
    };

    SeriesTable();

    // `hash` is kept for the index file. invalid_argument for a key that is not canonical; then
    // nothing changed.
    Status add(uint32_t id, std::string_view key, uint64_t hash);

    std::span<const Series> series() const { return series_; }
    std::span<const Shape> shapes() const { return shapes_; }
    std::span<const Column> columns() const { return columns_; }
    std::span<const uint32_t> values_of(const Series &series) const {
        return {value_numbers_.data() + series.values, shapes_[series.shape].columns.size()};
    }
    // The number of a text in a column; kMissing.
    uint32_t find(uint32_t column, std::string_view text) const;
    // The column of a tag; kMissing.
    uint32_t find_column(uint32_t measurement, uint32_t key) const;
    uint64_t size_bytes() const;

    static constexpr uint32_t kMissing = UINT32_MAX;

  private:
    struct Slot {
        uint32_t hash = 0;
        uint32_t column = kMissing;  // free
        uint32_t number = 0;
    };

    uint32_t find_hashed(uint32_t column, std::string_view text, uint32_t hash) const;
    uint32_t intern(uint32_t column, std::string_view text);
    uint32_t column_of(uint32_t measurement, uint32_t key);
    uint32_t shape_of(uint32_t measurement, const std::vector<series_key::Tag> &tags);
    bool fits(const Shape &shape, const std::vector<series_key::Tag> &tags) const;
    bool add_alike(uint32_t id, std::string_view key, uint64_t hash);
    void grow();

    Arena arena_;
    series_key::Parts parts_;
    std::vector<std::string_view> values_;  // of the key being added
    bool last_is_plain_ = false;            // the last key holds no escape
    std::vector<Series> series_;
    std::vector<uint32_t> value_numbers_;
    std::vector<Shape> shapes_;
    std::vector<Column> columns_;
    std::unordered_map<uint64_t, uint32_t> column_by_tag_;        // measurement << 32 | key
    std::unordered_multimap<uint64_t, uint32_t> shapes_by_hash_;  // of measurement and columns
    std::unordered_map<uint32_t, uint32_t> last_shape_;           // by measurement
    std::vector<Slot> slots_;                                     // a power of two
    uint64_t text_count_ = 0;
};

// Who has which value of one column: ids of value v are ids[starts[v] .. starts[v + 1]), ascending.
struct ColumnPostings {
    std::vector<uint32_t> starts;
    std::vector<uint32_t> ids;
    std::vector<uint32_t> present;  // every series that has the tag, ascending

    std::span<const uint32_t> of(uint32_t value) const {
        return {ids.data() + starts[value], starts[value + 1] - starts[value]};
    }
};

// The postings of all columns at once, one pass over the series; they are sorted by id first.
std::vector<ColumnPostings> all_postings(const SeriesTable &table);

}  // namespace varve::strata
