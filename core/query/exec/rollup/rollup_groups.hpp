// The states of a rollup: groups told apart by the values of columns, in each the buckets that have
// rows, in each bucket one state per aggregate.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/exec/aggregate/aggregate_groups.hpp"
#include "query/exec/rows/row_keeper.hpp"

namespace varve::query::exec {

struct RollupGroup {
    explicit RollupGroup(Arena &arena) : buckets(&arena) {}

    std::string key;   // in the order of the values
    size_t place = 0;  // row in RollupGroups::values()
    Buckets buckets;
};

// What one job fills; merged into one afterwards. Not thread-safe.
class RollupGroups {
  public:
    RollupGroups(const Run &run, const BoundAggregates &bound);

    // Reads a partition to its end.
    Status read(MeasurementScan &scan, size_t partition);
    Status merge(const RollupGroups &other);

    const std::vector<std::unique_ptr<RollupGroup>> &groups() const { return groups_; }
    // The values of Rollup::group_by, a row per group.
    const std::vector<Vector> &values() const { return values_; }
    Arena &arena() { return arena_; }
    const Windows &windows() const { return windows_; }
    // Times of the rows seen; t_min > t_max: there were none.
    int64_t t_min() const { return t_min_; }
    int64_t t_max() const { return t_max_; }

  private:
    // The columns of the block at hand, by position: inputs, then what is computed.
    struct Rows {
        const varve_block *block = nullptr;
        const varve_loaded *loaded = nullptr;
        std::vector<uint32_t> chosen;
        std::vector<int64_t> times;
        std::vector<Vector> columns;  // those that are needed
    };

    bool take_stats(const MeasurementScan &scan, const varve_block &block, Status &status);
    Status take_rows(MeasurementScan &scan, size_t partition, const varve_block &block);
    void gather(MeasurementScan &scan, size_t partition, Rows &rows) const;
    Status find_runs(const Rows &rows);
    Status update(const MeasurementScan &scan, const Rows &rows);
    // Null = the budget is exhausted.
    RollupGroup *group_of(const std::vector<Vector> &columns, size_t row);
    RollupGroup *group_at(std::string key, const std::vector<const Vector *> &columns, size_t row);
    char *states_of(RollupGroup &group, int64_t start);
    Status exhausted() const;

    const Run &run_;
    const plan::Rollup &rollup_;
    const BoundAggregates &bound_;
    const Windows windows_;
    Arena arena_;
    RowKeeper keeper_;  // of values_
    Status status_;
    std::vector<bool> gathered_;  // by column: needed as a vector
    std::vector<std::unique_ptr<RollupGroup>> groups_;
    std::unordered_map<std::string, RollupGroup *> by_key_;
    std::vector<Vector> values_;
    int64_t t_min_ = kTimeMax;
    int64_t t_max_ = kTimeMin;
    std::string key_;
    std::vector<uint32_t> run_ends_;
    std::vector<char *> run_states_;
    std::vector<void *> states_;
};

}  // namespace varve::query::exec
