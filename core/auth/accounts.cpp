#include "auth/accounts.hpp"

#include <array>

namespace varve::auth {

Accounts::Accounts(UserCatalog &users, Env &env, Options options)
    : users_(users), env_(env), options_(options) {
    if (!options_.enabled) return;
    std::array<char, 32> unknown{};
    env_.random(unknown.data(), unknown.size());
    auto hash = hash_password({unknown.data(), unknown.size()}, options_.cost, env_);
    if (hash.ok()) decoy_ = std::move(*hash);
}

Access Accounts::access(std::string_view name) const {
    if (!options_.enabled) return Access::open();
    if (UserPtr user = name.empty() ? nullptr : users_.user(name)) {
        return Access::of(std::move(user));
    }
    return users_.users().empty() ? Access::no_users() : Access::nobody();
}

Status Accounts::create_user(std::string_view name, std::string_view password, bool is_admin) {
    if (name.empty()) return {Code::invalid_argument, "username required"};
    if (const UserPtr user = users_.user(name)) {
        const bool same = user->is_admin == is_admin && matches(user, password);
        return same ? Status() : Status(Code::already_exists, "user already exists");
    }
    const auto hash = hash_password(password, options_.cost, env_);
    return hash.ok() ? users_.create_user(name, *hash, is_admin) : hash.status();
}

Status Accounts::set_password(std::string_view name, std::string_view password) {
    // Asked first: hashing for nobody is wasted time.
    if (users_.user(name) == nullptr) return {Code::not_found, "user not found"};
    const auto hash = hash_password(password, options_.cost, env_);
    return hash.ok() ? users_.set_password_hash(name, *hash) : hash.status();
}

bool Accounts::matches(const UserPtr &user, std::string_view password) const {
    if (user != nullptr) return password_matches(password, user->password_hash);
    (void)password_matches(password, decoy_);
    return false;
}

}  // namespace varve::auth
