// The catalog's users.
#include <algorithm>
#include <mutex>

#include "catalog/store.hpp"

namespace varve {

UserPtr SqliteCatalog::find_user(std::string_view name) const {
    for (const UserPtr &user : users_) {
        if (user->name == name) return user;
    }
    return nullptr;
}

std::vector<UserPtr> SqliteCatalog::users() const {
    const std::shared_lock lock(mutex_);
    return users_;
}

UserPtr SqliteCatalog::user(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    return find_user(name);
}

bool SqliteCatalog::has_admin() const {
    const std::shared_lock lock(mutex_);
    return std::any_of(users_.begin(), users_.end(),
                       [](const UserPtr &user) { return user->is_admin; });
}

Status SqliteCatalog::create_user(std::string_view name, std::string_view password_hash,
                                  bool is_admin) {
    if (name.empty()) return {Code::invalid_argument, "username required"};
    const std::unique_lock lock(mutex_);
    if (find_user(name) != nullptr) return {Code::already_exists, "user already exists"};
    const User user{std::string(name), std::string(password_hash), is_admin, {}};
    VARVE_RETURN_IF_ERROR(store_->transaction([&] { return store_->insert_user(user); }));
    return after_change();
}

Status SqliteCatalog::change_user(std::string_view name,
                                  const std::function<Status(const User &)> &change) {
    const std::unique_lock lock(mutex_);
    const UserPtr user = find_user(name);
    if (user == nullptr) return {Code::not_found, "user not found"};
    VARVE_RETURN_IF_ERROR(store_->transaction([&] { return change(*user); }));
    return after_change();
}

Status SqliteCatalog::drop_user(std::string_view name) {
    return change_user(name, [&](const User &user) { return store_->delete_user(user.name); });
}

Status SqliteCatalog::set_password_hash(std::string_view name, std::string_view password_hash) {
    return change_user(name, [&](User user) {
        user.password_hash = password_hash;
        return store_->update_user(user);
    });
}

Status SqliteCatalog::set_admin(std::string_view name, bool is_admin) {
    return change_user(name, [&](User user) {
        user.is_admin = is_admin;
        return store_->update_user(user);
    });
}

Status SqliteCatalog::set_privilege(std::string_view name, std::string_view database,
                                    Privilege privilege) {
    return change_user(name, [&](const User &user) -> Status {
        const Database *found = find(database);
        if (found == nullptr) {
            return {Code::not_found, "database not found: " + std::string(database)};
        }
        return store_->put_grant(user.name, found->id, privilege);
    });
}

}  // namespace varve
