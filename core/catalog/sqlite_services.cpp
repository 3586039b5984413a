// The catalog's continuous queries and subscriptions.
#include <algorithm>
#include <mutex>

#include "catalog/store.hpp"

namespace varve {

Result<std::vector<ContinuousQuery>> SqliteCatalog::continuous_queries() const {
    const std::shared_lock lock(mutex_);
    return continuous_queries_;
}

Status SqliteCatalog::create_continuous_query(std::string_view database, std::string_view name,
                                              std::string_view text) {
    const std::unique_lock lock(mutex_);
    const Database *found = find(database);
    if (found == nullptr) {
        return {Code::not_found, "database not found: " + std::string(database)};
    }
    for (const ContinuousQuery &query : continuous_queries_) {
        if (query.database != database || query.name != name) continue;
        if (equal_but_for_case(query.text, text)) return {};
        return {Code::already_exists, "continuous query already exists"};
    }
    VARVE_RETURN_IF_ERROR(store_->transaction([&] {
        return store_->insert_continuous_query(found->id, std::string(name), std::string(text));
    }));
    return after_change();
}

Status SqliteCatalog::drop_continuous_query(std::string_view database, std::string_view name) {
    const std::unique_lock lock(mutex_);
    const auto found = std::find_if(continuous_queries_.begin(), continuous_queries_.end(),
                                    [&](const ContinuousQuery &query) {
                                        return query.database == database && query.name == name;
                                    });
    if (found == continuous_queries_.end()) return {};
    VARVE_RETURN_IF_ERROR(
        store_->transaction([&] { return store_->delete_continuous_query(found->id); }));
    return after_change();
}

// Comes as often as a query runs: nothing is read again, no backup is due.
Status SqliteCatalog::set_last_runs(const std::map<uint64_t, int64_t> &last_runs_ns) {
    const std::unique_lock lock(mutex_);
    VARVE_RETURN_IF_ERROR(store_->transaction([&]() -> Status {
        for (const auto &[id, last_run_ns] : last_runs_ns) {
            VARVE_RETURN_IF_ERROR(store_->update_last_run(id, last_run_ns));
        }
        return {};
    }));
    for (ContinuousQuery &query : continuous_queries_) {
        const auto found = last_runs_ns.find(query.id);
        if (found != last_runs_ns.end()) query.last_run_ns = found->second;
    }
    return {};
}

Result<std::vector<ContinuousQuery08>> SqliteCatalog::continuous_queries_08() const {
    const std::shared_lock lock(mutex_);
    return continuous_queries_08_;
}

Result<uint64_t> SqliteCatalog::create_continuous_query_08(std::string_view database,
                                                           std::string_view text,
                                                           int64_t last_run_ns) {
    const std::unique_lock lock(mutex_);
    const Database *found = find(database);
    if (found == nullptr) {
        return Status(Code::not_found, "database not found: " + std::string(database));
    }
    const Result<uint64_t> number = next_number_08(continuous_queries_08_, database);
    if (!number.ok()) return number.status();
    VARVE_RETURN_IF_ERROR(store_->transaction([&] {
        return store_->insert_continuous_query_08(found->id, *number, std::string(text),
                                                  last_run_ns);
    }));
    VARVE_RETURN_IF_ERROR(after_change());
    return *number;
}

Status SqliteCatalog::drop_continuous_query_08(std::string_view database, uint64_t number) {
    const std::unique_lock lock(mutex_);
    for (const ContinuousQuery08 &query : continuous_queries_08_) {
        if (query.database != database || query.number != number) continue;
        VARVE_RETURN_IF_ERROR(
            store_->transaction([&] { return store_->delete_continuous_query_08(query.id); }));
        return after_change();
    }
    return {};
}

// As often as set_last_runs.
Status SqliteCatalog::set_last_runs_08(const std::map<uint64_t, int64_t> &last_runs_ns) {
    const std::unique_lock lock(mutex_);
    VARVE_RETURN_IF_ERROR(store_->transaction([&]() -> Status {
        for (const auto &[id, last_run_ns] : last_runs_ns) {
            VARVE_RETURN_IF_ERROR(store_->update_last_run_08(id, last_run_ns));
        }
        return {};
    }));
    for (ContinuousQuery08 &query : continuous_queries_08_) {
        const auto found = last_runs_ns.find(query.id);
        if (found != last_runs_ns.end()) query.last_run_ns = found->second;
    }
    return {};
}

Result<std::vector<Subscription>> SqliteCatalog::subscriptions() const {
    const std::shared_lock lock(mutex_);
    return subscriptions_;
}

Result<RetentionPolicy> SqliteCatalog::find_policy(std::string_view database,
                                                   std::string_view policy) const {
    const Database *found = find(database);
    if (found == nullptr) {
        return Status(Code::not_found, "database not found: " + std::string(database));
    }
    const RetentionPolicy *existing = found->policy(policy);
    if (existing == nullptr) {
        return Status(Code::not_found, "retention policy not found: " + std::string(policy));
    }
    return *existing;
}

Status SqliteCatalog::create_subscription(const Subscription &subscription) {
    for (const std::string &url : subscription.destinations) {
        VARVE_RETURN_IF_ERROR(check_subscription_url(url));
    }
    const std::unique_lock lock(mutex_);
    const auto policy = find_policy(subscription.database, subscription.retention_policy);
    if (!policy.ok()) return policy.status();
    for (const Subscription &other : subscriptions_) {
        if (other.database == subscription.database &&
            other.retention_policy == subscription.retention_policy &&
            other.name == subscription.name) {
            return {Code::already_exists, "subscription already exists"};
        }
    }
    VARVE_RETURN_IF_ERROR(
        store_->transaction([&] { return store_->insert_subscription(policy->id, subscription); }));
    return after_change();
}

Status SqliteCatalog::drop_subscription(std::string_view database, std::string_view policy,
                                        std::string_view name) {
    const std::unique_lock lock(mutex_);
    const auto owner = find_policy(database, policy);
    if (!owner.ok()) return owner.status();
    for (const Subscription &subscription : subscriptions_) {
        if (subscription.database != database || subscription.retention_policy != policy ||
            subscription.name != name) {
            continue;
        }
        VARVE_RETURN_IF_ERROR(
            store_->transaction([&] { return store_->delete_subscription(subscription.id); }));
        return after_change();
    }
    return {Code::not_found, "subscription not found"};
}

}  // namespace varve
