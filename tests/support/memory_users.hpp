// Users in memory, for tests. Thread-safe; nothing is durable.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>

#include "model/catalog.hpp"
#include "model/users.hpp"

namespace varve::test {

class MemoryUsers final : public UserCatalog {
  public:
    // Knows which databases there are; a dropped one's grants are no longer shown.
    explicit MemoryUsers(const Catalog &catalog) : catalog_(catalog) {}

    std::vector<UserPtr> users() const override {
        const std::lock_guard lock(mutex_);
        std::vector<UserPtr> out;
        for (const Kept &kept : users_) out.push_back(shown(kept));
        return out;
    }

    UserPtr user(std::string_view name) const override {
        const std::lock_guard lock(mutex_);
        for (const Kept &kept : users_) {
            if (kept.user.name == name) return shown(kept);
        }
        return nullptr;
    }

    bool has_admin() const override {
        const std::lock_guard lock(mutex_);
        return std::any_of(users_.begin(), users_.end(),
                           [](const Kept &kept) { return kept.user.is_admin; });
    }

    Status create_user(std::string_view name, std::string_view password_hash,
                       bool is_admin) override {
        if (name.empty()) return {Code::invalid_argument, "username required"};
        if (user(name) != nullptr) return {Code::already_exists, "user already exists"};
        const std::lock_guard lock(mutex_);
        users_.push_back({{std::string(name), std::string(password_hash), is_admin, {}}, {}});
        return {};
    }

    Status drop_user(std::string_view name) override {
        const std::lock_guard lock(mutex_);
        const size_t dropped =
            std::erase_if(users_, [&](const Kept &kept) { return kept.user.name == name; });
        return dropped != 0 ? Status() : missing();
    }

    Status set_password_hash(std::string_view name, std::string_view password_hash) override {
        return change(name, [&](Kept &kept) { kept.user.password_hash = password_hash; });
    }

    Status set_admin(std::string_view name, bool is_admin) override {
        return change(name, [&](Kept &kept) { kept.user.is_admin = is_admin; });
    }

    Status set_privilege(std::string_view name, std::string_view database,
                         Privilege privilege) override {
        if (user(name) == nullptr) return missing();
        const Result<Database> found = catalog_.database(database);
        if (!found.ok()) return found.status();
        return change(name, [&](Kept &kept) { kept.grants[found->id] = privilege; });
    }

    std::vector<DatabaseUserPtr> database_users(std::string_view database) const override {
        const std::lock_guard lock(mutex_);
        std::vector<DatabaseUserPtr> out;
        for (const DatabaseUserPtr &user : database_users_) {
            if (user->database == database) out.push_back(user);
        }
        return out;
    }

    DatabaseUserPtr database_user(std::string_view database, std::string_view name) const override {
        for (const DatabaseUserPtr &user : database_users(database)) {
            if (user->name == name) return user;
        }
        return nullptr;
    }

    Status put_database_user(const DatabaseUser &user) override {
        const Result<Database> found = catalog_.database(user.database);
        if (!found.ok()) return found.status();
        const auto made = std::make_shared<const DatabaseUser>(user);
        const std::lock_guard lock(mutex_);
        for (DatabaseUserPtr &other : database_users_) {
            if (other->database != user.database || other->name != user.name) continue;
            other = made;
            return {};
        }
        database_users_.push_back(made);
        return {};
    }

    Status drop_database_user(std::string_view database, std::string_view name) override {
        const std::lock_guard lock(mutex_);
        const size_t dropped = std::erase_if(database_users_, [&](const DatabaseUserPtr &user) {
            return user->database == database && user->name == name;
        });
        return dropped != 0 ? Status() : missing();
    }

  private:
    struct Kept {
        User user;
        std::map<uint64_t, Privilege> grants;  // by database id
    };

    static Status missing() { return {Code::not_found, "user not found"}; }

    UserPtr shown(const Kept &kept) const {
        auto out = std::make_shared<User>(kept.user);
        const auto databases = catalog_.databases();
        for (const Database &database : *databases) {
            const auto grant = kept.grants.find(database.id);
            if (grant != kept.grants.end()) out->grants.push_back({database.name, grant->second});
        }
        return out;
    }

    Status change(std::string_view name, const std::function<void(Kept &)> &edit) {
        const std::lock_guard lock(mutex_);
        for (Kept &kept : users_) {
            if (kept.user.name != name) continue;
            edit(kept);
            return {};
        }
        return missing();
    }

    const Catalog &catalog_;
    mutable std::mutex mutex_;
    std::vector<Kept> users_;
    std::vector<DatabaseUserPtr> database_users_;
};

}  // namespace varve::test
