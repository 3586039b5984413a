#include "write/copies/copy_rules.hpp"

namespace varve {

std::shared_ptr<const CopyRules::List> CopyRules::of(uint64_t db_id) {
    const uint64_t revision = catalog_.continuous_queries_08_revision();
    if (revision == 0) return nullptr;
    const std::scoped_lock lock(mutex_);
    if (revision != revision_) refresh(revision);
    const auto found = lists_.find(db_id);
    return found == lists_.end() ? nullptr : found->second;
}

void CopyRules::refresh(uint64_t revision) {
    const auto queries = catalog_.continuous_queries_08();
    if (!queries.ok()) return;  // asked again with the next write
    std::map<uint64_t, List> read;
    for (const ContinuousQuery08 &query : *queries) {
        if (auto rule = read_(query.text)) read[query.db_id].push_back(std::move(*rule));
    }
    lists_.clear();
    for (auto &[db_id, list] : read) {
        lists_.emplace(db_id, std::make_shared<const List>(std::move(list)));
    }
    revision_ = revision;
}

}  // namespace varve
