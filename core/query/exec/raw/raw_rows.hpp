// Rows of several series, held in memory to be put in order of time.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "query/exec/measurement_scan.hpp"
#include "query/exec/raw/series_merge.hpp"
#include "query/exec/run_select.hpp"

namespace varve::query::exec {

// What one partition gave. Texts lie in the arena.
struct RawPart {
    explicit RawPart(Budget &the_budget) : budget(the_budget), arena(the_budget) {}
    ~RawPart() { budget.release(charged); }
    RawPart(const RawPart &) = delete;
    RawPart &operator=(const RawPart &) = delete;

    Budget &budget;
    Arena arena;
    uint64_t charged = 0;
    uint32_t source = 0;  // position in the measurement's sources
    std::vector<std::string> series_keys;
    std::vector<std::string> group_keys;  // by series
    std::vector<uint32_t> series;         // by row: position in series_keys
    std::vector<int64_t> times;
    std::vector<Vector> columns;  // as Select::inputs: fields by row, tags by series

    size_t position(const plan::Input &input, uint32_t row) const {
        return input.is_tag ? series[row] : row;
    }
};

// A time range of some groups.
struct RawLoad {
    int64_t from_ns = 0;
    int64_t to_ns = 0;                              // exclusive
    const std::set<std::string> *groups = nullptr;  // null = all
    uint64_t limit_per_series = 0;
    uint64_t rows_max = 0;       // more rows end the load early; 0 = no limit
    bool is_slice = false;       // of a range that is read in several loads
    bool counts_series = false;  // in the budget
};

class RawRows {
  public:
    RawRows(const Run &run, const plan::Measurement &measurement)
        : run_(run), measurement_(measurement) {}

    Status load(const RawLoad &load);
    // rows_max was passed: what is here is incomplete.
    bool overflowed() const { return overflowed_.load(); }
    // Storage gave a series' first limit_per_series rows, but not all of them count: the rows that
    // are wanted may lie behind.
    bool fell_short() const { return fell_short_.load(); }
    uint64_t row_count() const { return order_.size(); }
    uint64_t series_count() const;

    struct Ref {
        uint32_t part = 0;
        uint32_t row = 0;
    };
    // Rows by group and time in the plan's direction; of equal times see sort().
    const std::vector<Ref> &order() const { return order_; }
    const std::string &group_of(Ref ref) const {
        const RawPart &part = *parts_[ref.part];
        return part.group_keys[part.series[ref.row]];
    }
    int64_t time_of(Ref ref) const { return parts_[ref.part]->times[ref.row]; }
    // Columns of the rows order()[from, to).
    std::vector<Vector> gather(size_t from, size_t to) const;

  private:
    struct SortKey {
        int64_t time = 0;
        uint32_t source = 0;  // what feeds a stream comes source by source
        uint32_t group = 0;   // ranks of the group's key and of the series' key
        uint32_t series = 0;
        Ref ref;
    };
    // A series of a part.
    struct Place {
        const std::string *group;
        const std::string *key;
        uint32_t part;
        uint32_t series;
        uint32_t group_rank = 0;
    };

    Status load_source(const plan::ScanSource &source, const RawLoad &load);
    Status read_partition(MeasurementScan &scan, size_t partition, const RawLoad &load,
                          RawPart &part);
    // At most so many rows of the block; says how many storage gave.
    Result<uint64_t> append(MeasurementScan &scan, size_t partition, const varve_block &block,
                            uint64_t rows_max, RawPart &part) const;
    // The first row of a block that knows it, without reading the block.
    Status append_known_row(MeasurementScan &scan, size_t partition, const varve_block &block,
                            RawPart &part) const;
    // Memory of so many rows.
    Status charge(uint64_t rows, RawPart &part) const;
    void begin_series(MeasurementScan &scan, size_t partition, uint32_t series,
                      RawPart &part) const;
    // Texts of the rows from `from` on, from the block to the part's arena.
    static Status keep_texts(size_t from, Vector &column, RawPart &part);
    // Rows of equal time come as InfluxDB merges the series of a shard. Of several tables, of
    // subqueries and in slices (where they lie, LIMIT has a say, and pages have to fit together)
    // they come in the order of the series' keys.
    void sort(bool is_slice);
    std::vector<Place> ranked_places() const;
    void sort_by_keys(const std::vector<Place> &places);
    void merge_series(const std::vector<Place> &places);
    void merge_shards(std::vector<SeriesMerge::Cursor> rest, const std::vector<Place> &places,
                      const std::vector<size_t> &texts, std::vector<Ref> &out) const;
    // Whether texts of the first row's columns put it before the other of equal time.
    bool texts_before(Ref one, Ref other, const std::vector<size_t> &columns) const;
    std::vector<size_t> tie_columns() const;
    // Where tags alone decide: every place's rank by them, in the direction. Empty where they do
    // not, or where one is absent, which is no order.
    std::vector<uint32_t> tie_ranks(const std::vector<Place> &places,
                                    const std::vector<size_t> &columns) const;

    // Of the rows from order()[from] on, as many as `out` has.
    void gather_texts(size_t input, size_t from, Vector &out) const;
    void gather_numbers(size_t input, size_t from, Vector &out) const;

    const Run &run_;
    const plan::Measurement &measurement_;
    std::vector<std::unique_ptr<MeasurementScan>> scans_;  // tags point into their partitions
    std::vector<std::unique_ptr<RawPart>> parts_;
    std::vector<Ref> order_;
    std::atomic<uint64_t> loaded_{0};
    std::atomic<bool> overflowed_{false};
    std::atomic<bool> fell_short_{false};
};

}  // namespace varve::query::exec
