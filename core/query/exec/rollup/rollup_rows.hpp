// The rows of a rollup: bucket by bucket in the plan's direction, in each the groups in their
// order. Functions that give several rows of a bucket are combined, each with each, the first
// function's rows running fastest.
#pragma once

#include "query/exec/rollup/rollup_groups.hpp"

namespace varve::query::exec {

class Projection;

class RollupRows {
  public:
    RollupRows(const Run &run, const BoundAggregates &bound, RollupGroups &groups,
               Projection &projection);

    Status emit();

  private:
    // What one aggregate gives of a bucket; `width` values a row.
    struct Finished {
        const varve_value *rows = nullptr;
        uint64_t count = 0;
    };

    Status emit_existing();
    Status emit_filled();
    Status emit_bucket(int64_t start, const RollupGroup &group, char *states);
    // states = null: nothing was there.
    Status finish(size_t aggregate, char *states, Finished &out);
    Status emit_product(int64_t start, const RollupGroup &group,
                        const std::vector<Finished> &finished);
    void append(const varve_value &value, size_t column);
    Status flush();
    void clear();
    bool full() const;

    const Run &run_;
    const BoundAggregates &bound_;
    RollupGroups &groups_;
    Projection &projection_;
    std::vector<const RollupGroup *> order_;
    std::vector<Type> types_;                        // of the columns before the groups' values
    std::vector<size_t> widths_;                     // by aggregate: values a row
    std::vector<std::vector<varve_value>> scratch_;  // by aggregate: a row made here
    std::vector<int64_t> times_;
    std::vector<Vector> columns_;
};

}  // namespace varve::query::exec
