// A catalog in memory, for tests. Thread-safe; nothing is durable.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>

#include "model/catalog.hpp"

namespace varve::test {

class MemoryCatalog final : public Catalog {
  public:
    Result<std::vector<Database>> databases() const override {
        const std::lock_guard lock(mutex_);
        return databases_;
    }

    Result<Database> database(std::string_view name) const override {
        const std::lock_guard lock(mutex_);
        for (const Database &database : databases_) {
            if (database.name == name) return database;
        }
        return missing(name);
    }

    Status create_database(std::string_view name,
                           const std::optional<RetentionPolicySpec> &spec) override {
        const std::lock_guard lock(mutex_);
        if (!is_valid_catalog_name(name)) return {Code::invalid_argument, "invalid name"};
        Result<RetentionPolicy> policy =
            make_retention_policy(spec.value_or(RetentionPolicySpec{}));
        if (!policy.ok()) return policy.status();
        if (Database *existing = find(name)) {
            if (!spec) return {};
            if (is_other_durability(*existing, *spec)) {
                return {Code::already_exists, "database already exists with another durability"};
            }
            const RetentionPolicy *same = existing->policy(policy->name);
            if (same != nullptr && equal(*same, *policy)) return {};
            return {Code::already_exists, "retention policy conflicts with an existing policy"};
        }
        Database database;
        database.id = next_id_++;
        database.name = name;
        if (spec) database.durability = spec->database_durability;
        policy->id = next_id_++;
        policy->is_default = true;
        database.default_policy = policy->name;
        database.policies.push_back(*policy);
        databases_.push_back(std::move(database));
        return {};
    }

    Status drop_database(std::string_view name) override {
        const std::lock_guard lock(mutex_);
        std::erase_if(databases_, [&](const Database &d) { return d.name == name; });
        std::erase_if(queries_, [&](const ContinuousQuery &q) { return q.database == name; });
        std::erase_if(queries_08_, [&](const ContinuousQuery08 &q) { return q.database == name; });
        std::erase_if(subscriptions_, [&](const Subscription &s) { return s.database == name; });
        ++revision_;
        return {};
    }

    Status rename_database(std::string_view from, std::string_view to,
                           const std::map<uint64_t, std::string> &query_texts) override {
        const std::lock_guard lock(mutex_);
        if (!is_valid_catalog_name(to)) return {Code::invalid_argument, "invalid name"};
        Database *database = find(from);
        if (database == nullptr) return missing(from);
        if (find(to) != nullptr) {
            return {Code::already_exists, "database already exists: " + std::string(to)};
        }
        database->name = to;
        for (ContinuousQuery &query : queries_) {
            if (query.database == from) query.database = to;
            const auto found = query_texts.find(query.id);
            if (found != query_texts.end()) query.text = found->second;
        }
        for (ContinuousQuery08 &query : queries_08_) {
            if (query.database == from) query.database = to;
        }
        for (Subscription &subscription : subscriptions_) {
            if (subscription.database == from) subscription.database = to;
        }
        ++revision_;
        return {};
    }

    Status create_retention_policy(std::string_view database,
                                   const RetentionPolicySpec &spec) override {
        const std::lock_guard lock(mutex_);
        Database *owner = find(database);
        if (owner == nullptr) return missing(database);
        Result<RetentionPolicy> policy = make_retention_policy(spec);
        if (!policy.ok()) return policy.status();
        if (const RetentionPolicy *existing = owner->policy(policy->name)) {
            if (equal(*existing, *policy)) return {};
            return {Code::already_exists, "retention policy already exists"};
        }
        policy->id = next_id_++;
        owner->policies.push_back(*policy);
        if (spec.make_default) set_default(*owner, policy->name);
        return {};
    }

    Status alter_retention_policy(std::string_view database, std::string_view policy,
                                  const RetentionPolicyChange &change) override {
        const std::lock_guard lock(mutex_);
        Database *owner = find(database);
        if (owner == nullptr) return missing(database);
        for (RetentionPolicy &existing : owner->policies) {
            if (existing.name != policy) continue;
            Result<RetentionPolicy> changed = changed_retention_policy(existing, change);
            if (!changed.ok()) return changed.status();
            existing = *changed;
            for (ShardSpace &space : owner->spaces) {
                if (space.policy == policy) space.policy = existing.name;
            }
            if (change.make_default) set_default(*owner, existing.name);
            return {};
        }
        return {Code::not_found, "retention policy not found: " + std::string(policy)};
    }

    Status drop_retention_policy(std::string_view database, std::string_view policy) override {
        const std::lock_guard lock(mutex_);
        if (Database *owner = find(database)) {
            std::erase_if(owner->policies,
                          [&](const RetentionPolicy &p) { return p.name == policy; });
            std::erase_if(owner->spaces, [&](const ShardSpace &s) { return s.policy == policy; });
        }
        return {};
    }

    Status set_space(std::string_view database, std::string_view policy,
                     const NamePattern &series) override {
        const std::lock_guard lock(mutex_);
        VARVE_RETURN_IF_ERROR(check_policy(database, policy));
        Database &owner = *find(database);
        for (ShardSpace &space : owner.spaces) {
            if (space.policy != policy) continue;
            space.series = series;
            return {};
        }
        owner.spaces.push_back({std::string(policy), series});
        return {};
    }

    Result<std::vector<ShardGroup>> shard_groups(uint64_t db_id, uint64_t rp_id) const override {
        const std::lock_guard lock(mutex_);
        const auto found = groups_.find({db_id, rp_id});
        return found == groups_.end() ? std::vector<ShardGroup>{} : found->second;
    }

    Result<ShardGroup> ensure_shard_group(uint64_t db_id, uint64_t rp_id,
                                          int64_t time_ns) override {
        const std::lock_guard lock(mutex_);
        std::vector<ShardGroup> &groups = groups_[{db_id, rp_id}];
        for (const ShardGroup &group : groups) {
            const bool ends_later = time_ns < group.to_ns || group.to_ns == INT64_MAX;
            if (time_ns >= group.from_ns && ends_later) return group;
        }
        ShardGroup group = shard_group_range(time_ns, shard_duration(db_id, rp_id));
        group.id = next_id_++;
        groups.push_back(group);
        std::sort(groups.begin(), groups.end(),
                  [](const ShardGroup &a, const ShardGroup &b) { return a.from_ns < b.from_ns; });
        return group;
    }

    Status remove_shard_group(uint64_t db_id, uint64_t rp_id, uint64_t group_id) override {
        const std::lock_guard lock(mutex_);
        std::erase_if(groups_[{db_id, rp_id}],
                      [&](const ShardGroup &g) { return g.id == group_id; });
        return {};
    }

    Result<std::vector<ContinuousQuery>> continuous_queries() const override {
        const std::lock_guard lock(mutex_);
        std::vector<ContinuousQuery> out;
        for (const Database &database : databases_) {
            std::copy_if(
                queries_.begin(), queries_.end(), std::back_inserter(out),
                [&](const ContinuousQuery &query) { return query.database == database.name; });
        }
        return out;
    }

    Status create_continuous_query(std::string_view database, std::string_view name,
                                   std::string_view text) override {
        const std::lock_guard lock(mutex_);
        if (find(database) == nullptr) return missing(database);
        for (const ContinuousQuery &query : queries_) {
            if (query.database != database || query.name != name) continue;
            if (equal_but_for_case(query.text, text)) return {};
            return {Code::already_exists, "continuous query already exists"};
        }
        queries_.push_back(
            {next_id_++, std::string(database), std::string(name), std::string(text), 0});
        return {};
    }

    Status drop_continuous_query(std::string_view database, std::string_view name) override {
        const std::lock_guard lock(mutex_);
        std::erase_if(queries_, [&](const ContinuousQuery &query) {
            return query.database == database && query.name == name;
        });
        return {};
    }

    Status set_last_runs(const std::map<uint64_t, int64_t> &last_runs_ns) override {
        const std::lock_guard lock(mutex_);
        for (ContinuousQuery &query : queries_) {
            const auto found = last_runs_ns.find(query.id);
            if (found != last_runs_ns.end()) query.last_run_ns = found->second;
        }
        return {};
    }

    Result<std::vector<ContinuousQuery08>> continuous_queries_08() const override {
        const std::lock_guard lock(mutex_);
        std::vector<ContinuousQuery08> out = queries_08_;
        std::sort(out.begin(), out.end(), [](const auto &a, const auto &b) {
            return std::pair(a.db_id, a.number) < std::pair(b.db_id, b.number);
        });
        return out;
    }

    uint64_t continuous_queries_08_revision() const override {
        const std::lock_guard lock(mutex_);
        return queries_08_.empty() ? 0 : revision_;
    }

    Result<uint64_t> create_continuous_query_08(std::string_view database, std::string_view text,
                                                int64_t last_run_ns) override {
        const std::lock_guard lock(mutex_);
        const Database *found = find(database);
        if (found == nullptr) return missing(database);
        const Result<uint64_t> number = next_number_08(queries_08_, database);
        if (!number.ok()) return number.status();
        queries_08_.push_back(
            {next_id_++, found->id, found->name, *number, std::string(text), last_run_ns});
        ++revision_;
        return *number;
    }

    Status drop_continuous_query_08(std::string_view database, uint64_t number) override {
        const std::lock_guard lock(mutex_);
        std::erase_if(queries_08_, [&](const ContinuousQuery08 &query) {
            return query.database == database && query.number == number;
        });
        ++revision_;
        return {};
    }

    Status set_last_runs_08(const std::map<uint64_t, int64_t> &last_runs_ns) override {
        const std::lock_guard lock(mutex_);
        for (ContinuousQuery08 &query : queries_08_) {
            const auto found = last_runs_ns.find(query.id);
            if (found != last_runs_ns.end()) query.last_run_ns = found->second;
        }
        return {};
    }

    Result<std::vector<Subscription>> subscriptions() const override {
        const std::lock_guard lock(mutex_);
        std::vector<Subscription> out;
        for (const Database &database : databases_) {
            for (const RetentionPolicy &policy : database.policies) {
                std::copy_if(subscriptions_.begin(), subscriptions_.end(), std::back_inserter(out),
                             [&](const Subscription &s) {
                                 return s.database == database.name &&
                                        s.retention_policy == policy.name;
                             });
            }
        }
        return out;
    }

    uint64_t subscriptions_revision() const override {
        const std::lock_guard lock(mutex_);
        return subscriptions_.empty() ? 0 : revision_;
    }

    Status create_subscription(const Subscription &subscription) override {
        for (const std::string &url : subscription.destinations) {
            VARVE_RETURN_IF_ERROR(check_subscription_url(url));
        }
        const std::lock_guard lock(mutex_);
        VARVE_RETURN_IF_ERROR(check_policy(subscription.database, subscription.retention_policy));
        for (const Subscription &other : subscriptions_) {
            if (same(other, subscription)) {
                return {Code::already_exists, "subscription already exists"};
            }
        }
        subscriptions_.push_back(subscription);
        subscriptions_.back().id = next_id_++;
        ++revision_;
        return {};
    }

    Status drop_subscription(std::string_view database, std::string_view policy,
                             std::string_view name) override {
        const std::lock_guard lock(mutex_);
        VARVE_RETURN_IF_ERROR(check_policy(database, policy));
        Subscription wanted;
        wanted.database = database;
        wanted.retention_policy = policy;
        wanted.name = name;
        const auto dropped = std::erase_if(
            subscriptions_, [&](const Subscription &other) { return same(other, wanted); });
        ++revision_;
        return dropped == 0 ? Status(Code::not_found, "subscription not found") : Status();
    }

  private:
    static bool same(const Subscription &a, const Subscription &b) {
        return a.database == b.database && a.retention_policy == b.retention_policy &&
               a.name == b.name;
    }
    Status check_policy(std::string_view database, std::string_view policy) {
        const Database *owner = find(database);
        if (owner == nullptr) return missing(database);
        if (owner->policy(policy) != nullptr) return {};
        return {Code::not_found, "retention policy not found: " + std::string(policy)};
    }
    static Status missing(std::string_view name) {
        return {Code::not_found, "database not found: " + std::string(name)};
    }
    static bool equal(const RetentionPolicy &a, const RetentionPolicy &b) {
        return a.duration_ns == b.duration_ns && a.shard_duration_ns == b.shard_duration_ns &&
               a.replica_n == b.replica_n;
    }
    static void set_default(Database &database, const std::string &policy) {
        database.default_policy = policy;
        for (RetentionPolicy &p : database.policies) p.is_default = p.name == policy;
    }
    Database *find(std::string_view name) {
        for (Database &database : databases_) {
            if (database.name == name) return &database;
        }
        return nullptr;
    }
    int64_t shard_duration(uint64_t db_id, uint64_t rp_id) const {
        for (const Database &database : databases_) {
            if (database.id != db_id) continue;
            for (const RetentionPolicy &policy : database.policies) {
                if (policy.id == rp_id) return policy.shard_duration_ns;
            }
        }
        return default_shard_duration_ns(0);
    }

    mutable std::mutex mutex_;
    uint64_t next_id_ = 1;
    std::vector<Database> databases_;
    std::vector<ContinuousQuery> queries_;
    std::vector<ContinuousQuery08> queries_08_;
    std::vector<Subscription> subscriptions_;
    uint64_t revision_ = 0;
    std::map<std::pair<uint64_t, uint64_t>, std::vector<ShardGroup>> groups_;
};

}  // namespace varve::test
