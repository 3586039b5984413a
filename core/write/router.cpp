#include "write/router.hpp"

#include <algorithm>

namespace varve {
namespace {

bool is_kept(const varve_table &table, uint32_t row) {
    return table.keep == nullptr || ((table.keep[row / 64] >> (row % 64)) & 1) != 0;
}

}  // namespace

Status route(Submission &submission, Catalog &catalog) {
    std::vector<varve_shard_range> &shards = submission.shards;
    varve_shard_range current{0, 0, 0};  // the last row's; empty at first
    const auto holds = [](const varve_shard_range &shard, int64_t time) {
        // The last group ends at the highest number and includes it.
        return time >= shard.from_ns && (time < shard.to_ns || shard.to_ns == INT64_MAX) &&
               shard.id != 0;
    };
    for (uint32_t t = 0; t < submission.batch->table_count; ++t) {
        const varve_table &table = *submission.batch->tables[t];
        for (uint32_t row = 0; row < table.row_count; ++row) {
            const int64_t time = table.times[row];
            if (holds(current, time) || !is_kept(table, row)) continue;
            const auto known =
                std::find_if(shards.begin(), shards.end(),
                             [&](const varve_shard_range &shard) { return holds(shard, time); });
            if (known != shards.end()) {
                current = *known;
                continue;
            }
            auto group = catalog.ensure_shard_group(submission.db_id, submission.rp_id, time);
            if (!group.ok()) return group.status();
            current = {group->id, group->from_ns, group->to_ns};
            shards.push_back(current);
        }
    }
    std::sort(shards.begin(), shards.end(),
              [](const auto &a, const auto &b) { return a.from_ns < b.from_ns; });
    return {};
}

}  // namespace varve
