// top(v, host, 2): the two best of the hosts' best rows.
//
//  1. Scans filled one state per part: a group, further divided by the function's tags. Such a
//  state
//     keeps the part's best row of each bucket.
//  2. The parts of a group hand their rows to a state of the group, bucket by bucket, in order of
//     time; that one keeps as many as were asked for.
//  3. The points that were chosen are looked up in the parts that own them.
#include <algorithm>
#include <map>

#include "query/exec/aggregate/aggregate_groups.hpp"

namespace varve::query::exec {

namespace {

// The key's first `tags` values.
std::string group_part(const std::string &key, size_t tags) {
    size_t end = 0;
    for (size_t i = 0; i < tags; ++i) end = key.find('\0', end) + 1;
    return key.substr(0, end);
}

using Candidates = std::map<int64_t, std::vector<varve_value>>;  // by the bucket's start

Status best_rows(const BoundAggregates &bound, Arena &arena, GroupStates &part,
                 Candidates &candidates) {
    auto times = std::make_shared<std::vector<int64_t>>();
    for (const auto &[start, states] : part.buckets) {
        const varve_value *rows = nullptr;
        uint64_t count = 0;
        const int32_t code =
            bound.function(0).finish_rows(bound.state(states, 0), 0, arena.table(), &rows, &count);
        if (code != VARVE_OK) return arena.status();
        for (uint64_t i = 0; i < count; ++i) {
            candidates[start].push_back(rows[i]);
            times->push_back(rows[i].time);
        }
    }
    std::sort(times->begin(), times->end());
    for (Member &member : part.members) member.only_times = times;
    return {};
}

Status choose(const BoundAggregates &bound, Arena &arena, Candidates &candidates,
              GroupStates &group) {
    for (auto &[start, rows] : candidates) {
        std::stable_sort(rows.begin(), rows.end(), [](const varve_value &a, const varve_value &b) {
            return a.time < b.time;
        });
        auto *states = static_cast<char *>(arena.allocate(bound.state_size(), bound.state_align()));
        if (states == nullptr) return arena.status();
        bound.init_ranking(states);
        std::vector<uint64_t> values;
        std::vector<int64_t> times;
        for (const varve_value &row : rows) {
            values.push_back(row.value.as_uint);
            times.push_back(row.time);
        }
        varve_column column{};
        column.type = rows.front().type;
        column.decimals_max = VARVE_DECIMALS_UNKNOWN;
        column.values = values.data();
        void *const state = bound.state(states, 0);
        const auto end = static_cast<uint32_t>(rows.size());
        const int32_t code =
            bound.function(0).update_runs(&state, &end, 1, &column, times.data(), arena.table());
        if (code != VARVE_OK) return arena.status();
        group.buckets[start] = states;
    }
    return {};
}

}  // namespace

Status rank_parts(const plan::Select &select, const BoundAggregates &bound, Arena &arena,
                  std::vector<std::unique_ptr<GroupStates>> &groups) {
    // Parts in the order of their keys, so that equal rows are chosen in that order.
    std::sort(groups.begin(), groups.end(),
              [](const auto &a, const auto &b) { return a->key < b->key; });
    std::vector<std::unique_ptr<GroupStates>> ranked;
    for (size_t from = 0; from < groups.size();) {
        auto group = std::make_unique<GroupStates>(
            group_part(groups[from]->key, select.group_tags.size()), arena);
        Candidates candidates;
        for (; from < groups.size() &&
               group_part(groups[from]->key, select.group_tags.size()) == group->key;
             ++from) {
            VARVE_RETURN_IF_ERROR(best_rows(bound, arena, *groups[from], candidates));
            auto &members = groups[from]->members;
            group->members.insert(group->members.end(), members.begin(), members.end());
        }
        VARVE_RETURN_IF_ERROR(choose(bound, arena, candidates, *group));
        ranked.push_back(std::move(group));
    }
    groups = std::move(ranked);
    return {};
}

}  // namespace varve::query::exec
