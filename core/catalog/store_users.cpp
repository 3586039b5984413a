// The rows of users and their grants.
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include "catalog/store.hpp"

namespace varve {

using namespace Poco::Data::Keywords;  // now, into, use
using Poco::Data::Statement;

Status SqliteCatalog::Store::read_users(std::vector<UserPtr> &users) {
    return caught([&]() -> Status {
        std::vector<std::shared_ptr<User>> found;
        std::map<uint64_t, User *> by_id;
        uint64_t id = 0;
        User user;
        int is_admin = 0;
        Statement select_users(*session_);
        select_users << "SELECT id, name, password_hash, is_admin FROM users ORDER BY id", into(id),
            into(user.name), into(user.password_hash), into(is_admin), range(0, 1);
        while (!select_users.done()) {
            if (select_users.execute() == 0) continue;
            user.is_admin = is_admin != 0;
            found.push_back(std::make_shared<User>(user));
            by_id[id] = found.back().get();
        }
        Grant grant;
        int privilege = 0;
        Statement select_grants(*session_);
        select_grants << "SELECT g.user_id, d.name, g.privilege FROM grants g "
                         "JOIN databases d ON d.id = g.database_id ORDER BY g.user_id, d.id",
            into(id), into(grant.database), into(privilege), range(0, 1);
        while (!select_grants.done()) {
            if (select_grants.execute() == 0) continue;
            grant.privilege = static_cast<Privilege>(privilege & 3);
            by_id.at(id)->grants.push_back(grant);
        }
        users.assign(found.begin(), found.end());
        return {};
    });
}

Status SqliteCatalog::Store::insert_user(const User &user) {
    return caught([&]() -> Status {
        const int is_admin = user.is_admin ? 1 : 0;
        *session_ << "INSERT INTO users (name, password_hash, is_admin) VALUES (?, ?, ?)",
            useRef(user.name), useRef(user.password_hash), useRef(is_admin), now;
        return {};
    });
}

Status SqliteCatalog::Store::update_user(const User &user) {
    return caught([&]() -> Status {
        const int is_admin = user.is_admin ? 1 : 0;
        *session_ << "UPDATE users SET password_hash = ?, is_admin = ? WHERE name = ?",
            useRef(user.password_hash), useRef(is_admin), useRef(user.name), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_user(const std::string &name) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM users WHERE name = ?", useRef(name), now;
        return {};
    });
}

Status SqliteCatalog::Store::put_grant(const std::string &user, uint64_t db_id,
                                       Privilege privilege) {
    return caught([&]() -> Status {
        const int bits = static_cast<int>(privilege);
        *session_ << "INSERT OR REPLACE INTO grants (user_id, database_id, privilege) "
                     "SELECT id, ?, ? FROM users WHERE name = ?",
            useRef(db_id), useRef(bits), useRef(user), now;
        return {};
    });
}

}  // namespace varve
