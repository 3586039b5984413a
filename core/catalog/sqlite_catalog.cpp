#include "catalog/sqlite_catalog.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "catalog/store.hpp"

namespace varve {
namespace {

std::string backup_of(const std::string &file) {
    return file + ".backup";
}

Status no_database(std::string_view name) {
    return {Code::not_found, "database not found: " + std::string(name)};
}

// Moves a damaged file (and SQLite's own files beside it) out of the way.
Status quarantine(const std::string &file, const std::string &folder, Env &env, Log &log) {
    VARVE_RETURN_IF_ERROR(env.make_directory(folder));
    const std::string base = file.substr(file.rfind('/') + 1);
    const std::string target = folder + '/' + base + '-' + std::to_string(env.now_ns());
    for (const char *suffix : {"", "-wal", "-shm"}) {
        const Status moved = env.rename(file + suffix, target + suffix);
        if (!moved.ok() && moved.code() != Code::not_found) return moved;
    }
    log.error("a damaged catalog was moved to quarantine", {{"path", file}, {"to", target}});
    return {};
}

}  // namespace

SqliteCatalog::SqliteCatalog(std::unique_ptr<Store> store, std::string file, Env &env, Log &log)
    : store_(std::move(store)), file_(std::move(file)), env_(env), log_(log) {}

SqliteCatalog::~SqliteCatalog() {
    if (!backup_thread_.joinable()) return;
    {
        const std::unique_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    backup_thread_.join();
}

Result<std::unique_ptr<SqliteCatalog>> SqliteCatalog::open(const std::string &file,
                                                           const std::string &quarantine_dir,
                                                           Env &env, Log &log) {
    auto store = Store::open(file);
    if (!store.ok() && store.code() == Code::data_loss) {
        log.error("the catalog cannot be read", {{"error", store.status().text()}});
        VARVE_RETURN_IF_ERROR(quarantine(file, quarantine_dir, env, log));
        const Status restored = env.link(backup_of(file), file);
        if (!restored.ok()) {
            return Status(Code::data_loss, "the catalog " + file +
                                               " was damaged and has no backup (" +
                                               restored.text() + "); it is in " + quarantine_dir);
        }
        // The backup stays a file of its own: the catalog is written in place.
        if (auto copy = read_file(env, backup_of(file)); copy.ok()) {
            VARVE_RETURN_IF_ERROR(write_file_durably(env, file, *copy));
        }
        log.warning("the catalog was restored from its backup", {{"path", backup_of(file)}});
        store = Store::open(file);
    }
    if (!store.ok()) return store.status();
    std::unique_ptr<SqliteCatalog> catalog(new SqliteCatalog(std::move(*store), file, env, log));
    {
        const std::unique_lock lock(catalog->mutex_);
        VARVE_RETURN_IF_ERROR(catalog->after_change());
    }
    catalog->backup_thread_ = std::thread([made = catalog.get()] { made->keep_backup(); });
    return catalog;
}

Status SqliteCatalog::reload() {
    VARVE_RETURN_IF_ERROR(store_->read(databases_, groups_));
    VARVE_RETURN_IF_ERROR(store_->read_spaces(databases_));
    VARVE_RETURN_IF_ERROR(store_->read_database_users(database_users_));
    VARVE_RETURN_IF_ERROR(store_->read_continuous_queries(continuous_queries_));
    VARVE_RETURN_IF_ERROR(store_->read_continuous_queries_08(continuous_queries_08_));
    VARVE_RETURN_IF_ERROR(store_->read_subscriptions(subscriptions_));
    ++reloads_;
    continuous_queries_08_revision_ = continuous_queries_08_.empty() ? 0 : reloads_;
    subscriptions_revision_ = subscriptions_.empty() ? 0 : reloads_;
    return store_->read_users(users_);  // dropped databases take grants along
}

Status SqliteCatalog::after_change() {
    VARVE_RETURN_IF_ERROR(reload());
    backup_due_ = true;
    changed_.notify_all();
    return {};
}

// Gathers changes for a moment: a first load of old data makes thousands of shard groups.
void SqliteCatalog::keep_backup() {
    constexpr auto kGather = std::chrono::milliseconds(200);
    std::unique_lock lock(mutex_);
    while (!stopping_ || backup_due_) {
        changed_.wait(lock, [&] { return stopping_ || backup_due_; });
        changed_.wait_for(lock, kGather, [&] { return stopping_; });
        if (!backup_due_) continue;
        backup_due_ = false;
        write_backup();
    }
}

// The change itself is durable; a backup that cannot be written is worth a warning, no more.
void SqliteCatalog::write_backup() {
    const std::string fresh = backup_of(file_) + ".tmp";
    (void)env_.remove(fresh);
    Status copied = store_->copy_to(fresh);
    if (copied.ok()) {
        auto opened = env_.open(fresh, VARVE_FILE_READ | VARVE_FILE_WRITE);
        copied = opened.ok() ? (*opened)->sync() : opened.status();
    }
    if (copied.ok()) copied = env_.rename(fresh, backup_of(file_));
    if (!copied.ok()) {
        log_.warning("the catalog's backup was not written", {{"error", copied.text()}});
    }
}

const Database *SqliteCatalog::find(std::string_view name) const {
    for (const Database &database : databases_) {
        if (database.name == name) return &database;
    }
    return nullptr;
}

Result<std::vector<Database>> SqliteCatalog::databases() const {
    const std::shared_lock lock(mutex_);
    return databases_;
}

Result<Database> SqliteCatalog::database(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const Database *found = find(name);
    if (found == nullptr) return no_database(name);
    return *found;
}

Status SqliteCatalog::add_policy(uint64_t db_id, const RetentionPolicy &policy, bool make_default) {
    VARVE_RETURN_IF_ERROR(store_->insert_policy(db_id, policy));
    return make_default ? store_->set_default_policy(db_id, policy.name) : Status();
}

Status SqliteCatalog::create_database(std::string_view name,
                                      const std::optional<RetentionPolicySpec> &spec) {
    if (!is_valid_catalog_name(name)) return {Code::invalid_argument, "invalid name"};
    auto policy = make_retention_policy(spec.value_or(RetentionPolicySpec{}));
    if (!policy.ok()) return policy.status();
    const std::unique_lock lock(mutex_);
    if (const Database *found = find(name)) {
        if (!spec) return {};
        if (is_other_durability(*found, *spec)) {
            return {Code::already_exists, "database already exists with another durability"};
        }
        const RetentionPolicy *existing = found->policy(policy->name);
        if (existing != nullptr && existing->duration_ns == policy->duration_ns &&
            existing->shard_duration_ns == policy->shard_duration_ns &&
            existing->replica_n == policy->replica_n && existing->is_default) {
            return {};
        }
        return {Code::already_exists, "retention policy conflicts with an existing policy"};
    }
    VARVE_RETURN_IF_ERROR(store_->transaction([&]() -> Status {
        auto id = store_->insert_database(std::string(name),
                                          spec ? spec->database_durability : std::string());
        return id.ok() ? add_policy(*id, *policy, true) : id.status();
    }));
    return after_change();
}

Status SqliteCatalog::drop_database(std::string_view name) {
    const std::unique_lock lock(mutex_);
    const Database *found = find(name);
    if (found == nullptr) return {};
    VARVE_RETURN_IF_ERROR(store_->transaction([&] { return store_->delete_database(found->id); }));
    return after_change();
}

Status SqliteCatalog::rename_database(std::string_view from, std::string_view to,
                                      const std::map<uint64_t, std::string> &query_texts) {
    if (!is_valid_catalog_name(to)) return {Code::invalid_argument, "invalid name"};
    const std::unique_lock lock(mutex_);
    const Database *found = find(from);
    if (found == nullptr) return no_database(from);
    if (find(to) != nullptr) {
        return {Code::already_exists, "database already exists: " + std::string(to)};
    }
    VARVE_RETURN_IF_ERROR(store_->transaction([&]() -> Status {
        for (const auto &[id, text] : query_texts) {
            VARVE_RETURN_IF_ERROR(store_->update_continuous_query(id, text));
        }
        return store_->rename_database(found->id, std::string(to));
    }));
    return after_change();
}

Status SqliteCatalog::create_retention_policy(std::string_view database,
                                              const RetentionPolicySpec &spec) {
    auto policy = make_retention_policy(spec);
    if (!policy.ok()) return policy.status();
    const std::unique_lock lock(mutex_);
    const Database *found = find(database);
    if (found == nullptr) return no_database(database);
    if (const RetentionPolicy *existing = found->policy(policy->name)) {
        const bool equal = existing->duration_ns == policy->duration_ns &&
                           existing->shard_duration_ns == policy->shard_duration_ns &&
                           existing->replica_n == policy->replica_n &&
                           (!spec.make_default || existing->is_default);
        if (equal) return {};
        return {Code::already_exists, "retention policy already exists"};
    }
    VARVE_RETURN_IF_ERROR(
        store_->transaction([&] { return add_policy(found->id, *policy, spec.make_default); }));
    return after_change();
}

Status SqliteCatalog::alter_retention_policy(std::string_view database, std::string_view policy,
                                             const RetentionPolicyChange &change) {
    const std::unique_lock lock(mutex_);
    const Database *found = find(database);
    if (found == nullptr) return no_database(database);
    const RetentionPolicy *existing = found->policy(policy);
    if (existing == nullptr) {
        return {Code::not_found, "retention policy not found: " + std::string(policy)};
    }
    auto changed = changed_retention_policy(*existing, change);
    if (!changed.ok()) return changed.status();
    if (changed->name != existing->name && found->policy(changed->name) != nullptr) {
        return {Code::already_exists, "retention policy already exists"};
    }
    VARVE_RETURN_IF_ERROR(store_->transaction([&]() -> Status {
        VARVE_RETURN_IF_ERROR(store_->update_policy(*changed));
        if (!change.make_default && !existing->is_default) return {};
        return store_->set_default_policy(found->id, changed->name);
    }));
    return after_change();
}

Status SqliteCatalog::drop_retention_policy(std::string_view database, std::string_view policy) {
    const std::unique_lock lock(mutex_);
    const Database *found = find(database);
    const RetentionPolicy *existing = found == nullptr ? nullptr : found->policy(policy);
    if (existing == nullptr) return {};
    VARVE_RETURN_IF_ERROR(store_->transaction([&] { return store_->delete_policy(existing->id); }));
    return after_change();
}

Result<std::vector<ShardGroup>> SqliteCatalog::shard_groups(uint64_t, uint64_t rp_id) const {
    const std::shared_lock lock(mutex_);
    const auto found = groups_.find(rp_id);
    return found == groups_.end() ? std::vector<ShardGroup>{} : found->second;
}

namespace {
const ShardGroup *group_at(const std::vector<ShardGroup> &groups, int64_t time_ns) {
    const auto after = std::upper_bound(
        groups.begin(), groups.end(), time_ns,
        [](int64_t time, const ShardGroup &group) { return time < group.from_ns; });
    if (after == groups.begin()) return nullptr;
    const ShardGroup &group = *std::prev(after);
    // The last group ends at the highest number and includes it.
    return time_ns < group.to_ns || group.to_ns == INT64_MAX ? &group : nullptr;
}
}  // namespace

Result<ShardGroup> SqliteCatalog::ensure_shard_group(uint64_t db_id, uint64_t rp_id,
                                                     int64_t time_ns) {
    const std::unique_lock lock(mutex_);
    std::vector<ShardGroup> &groups = groups_[rp_id];
    if (const ShardGroup *found = group_at(groups, time_ns)) return *found;
    const RetentionPolicy *policy = nullptr;
    for (const Database &database : databases_) {
        if (database.id != db_id) continue;
        for (const RetentionPolicy &candidate : database.policies) {
            if (candidate.id == rp_id) policy = &candidate;
        }
    }
    if (policy == nullptr) {
        return Status(Code::not_found, "retention policy not found: " + std::to_string(rp_id));
    }
    ShardGroup group = shard_group_range(time_ns, policy->shard_duration_ns);
    // Groups made under another shard duration may reach into the range: cut it.
    for (const ShardGroup &other : groups) {
        if (other.to_ns <= time_ns) group.from_ns = std::max(group.from_ns, other.to_ns);
        if (other.from_ns > time_ns) group.to_ns = std::min(group.to_ns, other.from_ns);
    }
    VARVE_RETURN_IF_ERROR(store_->transaction([&]() -> Status {
        auto id = store_->insert_shard_group(rp_id, group);
        if (id.ok()) group.id = *id;
        return id.status();
    }));
    const auto place = std::find_if(groups.begin(), groups.end(), [&](const ShardGroup &other) {
        return other.from_ns > group.from_ns;
    });
    groups.insert(place, group);
    backup_due_ = true;
    changed_.notify_all();
    return group;
}

Status SqliteCatalog::remove_shard_group(uint64_t, uint64_t, uint64_t group_id) {
    const std::unique_lock lock(mutex_);
    VARVE_RETURN_IF_ERROR(
        store_->transaction([&] { return store_->delete_shard_group(group_id); }));
    return after_change();
}

}  // namespace varve
