// Users and what they may do. core/auth and the query path see them only through UserCatalog;
// core/catalog keeps them in SQLite, tests keep them in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "model/name_pattern.hpp"

namespace varve {

// What a user may do with a database; bits.
enum class Privilege : uint8_t { none = 0, read = 1, write = 2, all = 3 };

// "READ", "WRITE", "ALL PRIVILEGES", "NO PRIVILEGES".
std::string_view privilege_text(Privilege privilege);

struct Grant {
    std::string database;
    Privilege privilege = Privilege::none;  // none: revoked, and shown as such
};

struct User {
    std::string name;
    std::string password_hash;  // opaque here; auth/password.hpp makes and checks it
    bool is_admin = false;
    std::vector<Grant> grants;  // in the order of the databases' creation

    // Administrators have every privilege on every database, named or not.
    bool may(Privilege wanted, std::string_view database) const;
    // none if nothing was granted.
    Privilege granted(std::string_view database) const;
};

using UserPtr = std::shared_ptr<const User>;

// A user of one database, as InfluxDB 0.8 has them; no one else's name is taken by it.
struct DatabaseUser {
    std::string database;
    std::string name;
    std::string password_hash;
    bool is_admin = false;  // of the database
    NamePattern read_from;  // the series that may be read
    NamePattern write_to;
};

using DatabaseUserPtr = std::shared_ptr<const DatabaseUser>;

// [any thread] Every call sees all earlier ones; changes are durable when they return. Error texts
// are InfluxDB's.
class UserCatalog {
  public:
    virtual ~UserCatalog() = default;

    // In the order of their creation.
    virtual std::vector<UserPtr> users() const = 0;
    // Null if there is none of this name.
    virtual UserPtr user(std::string_view name) const = 0;
    // Asked for every request.
    virtual bool has_admin() const = 0;

    // invalid_argument "username required"; already_exists "user already exists".
    virtual Status create_user(std::string_view name, std::string_view password_hash,
                               bool is_admin) = 0;
    // These: not_found "user not found".
    virtual Status drop_user(std::string_view name) = 0;
    virtual Status set_password_hash(std::string_view name, std::string_view password_hash) = 0;
    virtual Status set_admin(std::string_view name, bool is_admin) = 0;
    // Replaces what the user has on the database; also not_found "database not found: NAME". A
    // dropped database takes its grants along, a renamed one keeps them.
    virtual Status set_privilege(std::string_view name, std::string_view database,
                                 Privilege privilege) = 0;

    // In the order of their creation; a dropped database takes them along, a renamed one keeps
    // them.
    virtual std::vector<DatabaseUserPtr> database_users(std::string_view database) const = 0;
    // Null if there is none of this name.
    virtual DatabaseUserPtr database_user(std::string_view database,
                                          std::string_view name) const = 0;
    // Makes it or replaces the one of this name. not_found "database not found: NAME".
    virtual Status put_database_user(const DatabaseUser &user) = 0;
    // not_found "user not found".
    virtual Status drop_database_user(std::string_view database, std::string_view name) = 0;
};

}  // namespace varve
