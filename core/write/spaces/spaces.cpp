#include "write/spaces/spaces.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <varve/cpp/bytes.hpp>

namespace varve {
namespace {

// Some tables of a batch that several share.
struct SharedPart {
    varve_batch batch{};
    std::vector<const varve_table *> tables;
    std::shared_ptr<varve_batch> whole;
};

void release_part(varve_batch *batch) {
    delete static_cast<SharedPart *>(batch->owner);
}

varve_batch *make_part(const std::shared_ptr<varve_batch> &whole,
                       std::vector<const varve_table *> tables) {
    auto part = std::make_unique<SharedPart>();
    part->whole = whole;
    part->tables = std::move(tables);
    part->batch = *whole;
    part->batch.tables = part->tables.data();
    part->batch.table_count = static_cast<uint32_t>(part->tables.size());
    part->batch.row_count = 0;
    part->batch.value_count = 0;
    for (const varve_table *table : part->tables) {
        part->batch.row_count += table->row_count;
        part->batch.value_count += uint64_t{table->row_count} * table->column_count;
    }
    part->batch.owner = part.get();
    part->batch.release = release_part;
    return &part.release()->batch;
}

}  // namespace

Status may_write_all(const auth::Access &access, std::string_view database,
                     const varve_batch &batch) {
    for (uint32_t i = 0; i < batch.table_count; ++i) {
        const std::string_view series = view(batch.tables[i]->measurement);
        if (access.may_write(database, series)) continue;
        return {Code::permission_denied, "User " + std::string(access.name()) +
                                             " doesn't have write permissions for " +
                                             std::string(series)};
    }
    return {};
}

std::vector<PolicyPart> split_by_policy(varve_batch *batch, const Database &database) {
    std::map<std::string, std::vector<const varve_table *>> tables;
    for (uint32_t i = 0; i < batch->table_count; ++i) {
        tables[database.policy_of_series(view(batch->tables[i]->measurement))].push_back(
            batch->tables[i]);
    }
    if (tables.size() <= 1) {
        return {{tables.empty() ? database.default_policy : tables.begin()->first, batch}};
    }
    const std::shared_ptr<varve_batch> whole(batch, [](varve_batch *one) { one->release(one); });
    std::vector<PolicyPart> parts;
    parts.reserve(tables.size());
    for (auto &[policy, own] : tables) parts.push_back({policy, make_part(whole, std::move(own))});
    return parts;
}

void JoinedDone::part_done(void *self, const varve_write_outcome *outcome) {
    auto *const joined = static_cast<JoinedDone *>(self);
    {
        const std::scoped_lock lock(joined->mutex_);
        varve_write_outcome &sum = joined->sum_;
        sum.struct_size = sizeof sum;
        sum.lsn = std::max(sum.lsn, outcome->lsn);
        sum.accepted += outcome->accepted;
        sum.dropped += outcome->dropped;
        joined->clashes_.insert(joined->clashes_.end(), outcome->clashes,
                                outcome->clashes + outcome->clash_count);
        if (sum.code == VARVE_OK && outcome->code != VARVE_OK) joined->error_.clear();
        if (joined->error_.empty()) joined->error_ = view(outcome->error);
        if (sum.code == VARVE_OK) sum.code = outcome->code;
        if (--joined->left_ != 0) return;
        sum.error = str(joined->error_);
        sum.clashes = joined->clashes_.data();
        sum.clash_count = joined->clashes_.size();
    }
    const std::unique_ptr<JoinedDone> last(joined);
    joined->done_(joined->ctx_, &joined->sum_);
}

}  // namespace varve
