// The catalog's shard spaces and users of a database.
#include <algorithm>
#include <mutex>

#include "catalog/store.hpp"

namespace varve {

Status SqliteCatalog::set_space(std::string_view database, std::string_view policy,
                                const NamePattern &series) {
    const std::unique_lock lock(mutex_);
    const auto owner = find_policy(database, policy);
    if (!owner.ok()) return owner.status();
    VARVE_RETURN_IF_ERROR(
        store_->transaction([&] { return store_->put_space(owner->id, series.text()); }));
    return after_change();
}

std::vector<DatabaseUserPtr> SqliteCatalog::database_users(std::string_view database) const {
    const std::shared_lock lock(mutex_);
    std::vector<DatabaseUserPtr> out;
    std::copy_if(database_users_.begin(), database_users_.end(), std::back_inserter(out),
                 [&](const DatabaseUserPtr &user) { return user->database == database; });
    return out;
}

DatabaseUserPtr SqliteCatalog::database_user(std::string_view database,
                                             std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = std::find_if(database_users_.begin(), database_users_.end(),
                                    [&](const DatabaseUserPtr &user) {
                                        return user->database == database && user->name == name;
                                    });
    return found == database_users_.end() ? nullptr : *found;
}

Status SqliteCatalog::put_database_user(const DatabaseUser &user) {
    const std::unique_lock lock(mutex_);
    const Database *found = find(user.database);
    if (found == nullptr) return {Code::not_found, "database not found: " + user.database};
    VARVE_RETURN_IF_ERROR(
        store_->transaction([&] { return store_->put_database_user(found->id, user); }));
    return after_change();
}

Status SqliteCatalog::drop_database_user(std::string_view database, std::string_view name) {
    const std::unique_lock lock(mutex_);
    const Database *owner = find(database);
    const bool is_there =
        owner != nullptr && std::any_of(database_users_.begin(), database_users_.end(),
                                        [&](const DatabaseUserPtr &user) {
                                            return user->database == database && user->name == name;
                                        });
    if (!is_there) return {Code::not_found, "user not found"};
    VARVE_RETURN_IF_ERROR(store_->transaction(
        [&] { return store_->delete_database_user(owner->id, std::string(name)); }));
    return after_change();
}

}  // namespace varve
