#include "query/running_queries.hpp"

namespace varve::query {

RunningQueries::Entry::Entry(RunningQueries &owner, std::string text, std::string database,
                             int64_t started_ns)
    : owner_(owner), query_(std::make_shared<Query>()) {
    query_->text = std::move(text);
    query_->database = std::move(database);
    query_->started_ns = started_ns;
    const std::lock_guard lock(owner.mutex_);
    query_->id = ++owner.last_id_;
    owner.queries_[query_->id] = query_;
}

RunningQueries::Entry::~Entry() {
    const std::lock_guard lock(owner_.mutex_);
    owner_.queries_.erase(query_->id);
}

std::vector<std::shared_ptr<const RunningQueries::Query>> RunningQueries::list() const {
    std::vector<std::shared_ptr<const Query>> all;
    const std::lock_guard lock(mutex_);
    all.reserve(queries_.size());
    for (const auto &[id, query] : queries_) all.push_back(query);
    return all;
}

Status RunningQueries::kill(uint64_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = queries_.find(id);
    if (found == queries_.end()) {
        return {Code::not_found, "no such query id: " + std::to_string(id)};
    }
    found->second->killed.store(true, std::memory_order_relaxed);
    return {};
}

}  // namespace varve::query
