// The users with their passwords, and what each may do at the moment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/access.hpp"
#include "auth/password.hpp"
#include "base/env.hpp"
#include "model/users.hpp"

namespace varve::auth {

// What a database's own user is called among the names of all users: no one else may bear it.
std::string principal_of(std::string_view database, std::string_view name);

// [any thread] Rights are looked up anew with each call: a revoked one is gone for the next
// request.
class Accounts {
  public:
    struct Options {
        bool enabled = false;  // auth.enabled; otherwise everybody may do everything
        HashCost cost;
    };

    // Both live longer.
    Accounts(UserCatalog &users, Env &env, Options options);

    bool is_enabled() const { return options_.enabled; }
    UserCatalog &users() { return users_; }
    UserPtr user(std::string_view name) const { return users_.user(name); }
    bool has_admin() const { return users_.has_admin(); }

    // What the bearer of this authenticated name may do; empty = nobody.
    Access access(std::string_view name) const;

    // [blocking] Ok also if the very same user exists. already_exists "user already exists";
    // invalid_argument "username required".
    Status create_user(std::string_view name, std::string_view password, bool is_admin);
    // [blocking] not_found "user not found".
    Status set_password(std::string_view name, std::string_view password);
    // [blocking] The user with this password, or with the hash it has where there is none. Errors
    // as put_database_user's.
    Status put_database_user(DatabaseUser user, const std::optional<std::string> &password);
    // Whom the name may mean in a request about this database: its own user, then the server's. The
    // former bears its principal as its name.
    std::vector<UserPtr> candidates(std::string_view database, std::string_view name) const;
    // [blocking] A null user takes as long as a real one and never matches.
    bool matches(const UserPtr &user, std::string_view password) const;

  private:
    UserCatalog &users_;
    Env &env_;
    const Options options_;
    std::string decoy_;  // the hash of a password nobody knows
};

}  // namespace varve::auth
