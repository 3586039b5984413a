// The states of an aggregation: groups (output series), in each the buckets that have rows, in each
// bucket one state per aggregate.
#pragma once

#include <memory>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/exec/aggregate/window.hpp"
#include "query/exec/budget.hpp"
#include "query/exec/measurement_scan.hpp"
#include "query/exec/run_select.hpp"

namespace varve::query::exec {

// A series of a group, where the selected point may come from.
struct Member {
    std::string key;
    uint32_t scan = 0;  // which source's scan
    uint32_t partition = 0;
    uint32_t series = 0;
    int64_t t_min = kTimeMax;
    int64_t t_max = kTimeMin;
    // Where parts were ranked: the times of this part's rows, sorted; null = any time.
    std::shared_ptr<const std::vector<int64_t>> only_times;
};

// A bucket's start → the aggregates' states, side by side. Many groups are made in a moment: their
// nodes lie in the arena of the states.
using Buckets = std::pmr::unordered_map<int64_t, char *>;

struct GroupStates {
    GroupStates(std::string group_key, Arena &arena) : key(std::move(group_key)), buckets(&arena) {}

    std::string key;
    Buckets buckets;
    std::vector<Member> members;  // only if the plan needs the point
    bool begins_early = false;    // see AggregateGroups::drop_early
};

// The plan's arguments in the functions' form.
class BoundAggregates {
  public:
    explicit BoundAggregates(const plan::Select &select);

    size_t count() const { return offsets_.size(); }
    const varve_function &function(size_t i) const { return *select_.aggregates[i].function; }
    uint64_t state_size() const { return state_size_; }
    uint64_t state_align() const { return state_align_; }
    void *state(char *states, size_t i) const { return states + offsets_[i]; }
    void init(char *states) const;
    // Adds what other states hold. False: the arena is exhausted.
    bool merge(char *into, char *from, Arena &arena) const;
    // Among the best rows of parts; init is for the parts then.
    bool ranks_parts() const { return ranks_parts_; }
    void init_ranking(char *states) const;
    uint32_t flags(size_t i) const {
        const plan::Aggregate &aggregate = select_.aggregates[i];
        return aggregate.counted_by != nullptr ? aggregate.counted_by->flags
                                               : aggregate.function->flags;
    }

  private:
    const plan::Select &select_;
    std::vector<std::vector<varve_argument>> arguments_;
    std::vector<varve_argument> ranking_;  // the first aggregate's, when parts are ranked
    bool ranks_parts_ = false;
    std::vector<uint64_t> offsets_;
    uint64_t state_size_ = 0;
    uint64_t state_align_ = 1;
};

// The states of a bucket, made if there are none yet, within the limit on buckets of one group.
// Null: `status`, or the arena's, says why.
char *states_of_bucket(Buckets &buckets, int64_t start, const BoundAggregates &bound,
                       const Windows &windows, const Budget &budget, Arena &arena, Status &status);

// Puts the best rows of parts into states of their groups, of which there is one per group.
Status rank_parts(const plan::Select &select, const BoundAggregates &bound, Arena &arena,
                  std::vector<std::unique_ptr<GroupStates>> &groups);

// What one job fills; merged into one afterwards. Not thread-safe.
class AggregateGroups {
  public:
    AggregateGroups(const Run &run, const BoundAggregates &bound)
        : run_(run),
          bound_(bound),
          windows_(run.select.window, run.select.range),
          arena_(run.budget) {}

    // Reads a partition to its end.
    Status read(MeasurementScan &scan, uint32_t scan_index, size_t partition);
    Status merge(AggregateGroups &other);

    std::vector<std::unique_ptr<GroupStates>> &groups() { return groups_; }
    Arena &arena() { return arena_; }
    const Windows &windows() const { return windows_; }

  private:
    GroupStates &group_of(const std::string &key);
    char *states_of(GroupStates &group, int64_t start);  // null = the budget is exhausted
    Status take_block(MeasurementScan &scan, size_t partition, const varve_block &block,
                      GroupStates &group);
    bool take_stats(const MeasurementScan &scan, const varve_block &block, GroupStates &group,
                    Status &status);
    Status take_rows(MeasurementScan &scan, size_t partition, const varve_block &block,
                     GroupStates &group);
    // Without buckets, a subquery's rows before the range (of a bucket that begins there) count for
    // nothing.
    void drop_early(MeasurementScan::LoadedRows &rows, GroupStates &group) const;
    Status find_runs(const int64_t *times, uint32_t rows, GroupStates &group);
    Status update(size_t aggregate, const varve_column &column, const int64_t *times);
    Status exhausted() const;

    const Run &run_;
    const BoundAggregates &bound_;
    Windows windows_;
    Arena arena_;
    Status bucket_status_;
    std::vector<std::unique_ptr<GroupStates>> groups_;
    std::unordered_map<std::string, GroupStates *> by_key_;
    // The runs of the block at hand.
    std::vector<uint32_t> run_ends_;
    std::vector<char *> run_states_;
    std::vector<void *> states_;
};

}  // namespace varve::query::exec
