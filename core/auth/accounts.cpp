#include "auth/accounts.hpp"

#include <array>

namespace varve::auth {

namespace {

// Begins and divides the principals of databases' users.
constexpr char kUnitSeparator = '\x1f';

}  // namespace

std::string principal_of(std::string_view database, std::string_view name) {
    std::string out(1, kUnitSeparator);
    out += database;
    out += kUnitSeparator;
    out += name;
    return out;
}

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
    if (name.starts_with(kUnitSeparator)) {
        const size_t end = name.find(kUnitSeparator, 1);
        if (end == std::string_view::npos) return Access::nobody();
        DatabaseUserPtr user = users_.database_user(name.substr(1, end - 1), name.substr(end + 1));
        return user == nullptr ? Access::nobody() : Access::of(std::move(user));
    }
    if (UserPtr user = name.empty() ? nullptr : users_.user(name)) {
        return Access::of(std::move(user));
    }
    return users_.users().empty() ? Access::no_users() : Access::nobody();
}

Status Accounts::create_user(std::string_view name, std::string_view password, bool is_admin) {
    if (name.empty()) return {Code::invalid_argument, "username required"};
    if (name.starts_with(kUnitSeparator)) return {Code::invalid_argument, "invalid username"};
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

Status Accounts::put_database_user(DatabaseUser user, const std::optional<std::string> &password) {
    if (password) {
        auto hash = hash_password(*password, options_.cost, env_);
        if (!hash.ok()) return hash.status();
        user.password_hash = std::move(*hash);
    }
    return users_.put_database_user(user);
}

std::vector<UserPtr> Accounts::candidates(std::string_view database, std::string_view name) const {
    std::vector<UserPtr> out;
    if (const auto own = database.empty() ? nullptr : users_.database_user(database, name)) {
        out.push_back(std::make_shared<const User>(
            User{principal_of(database, name), own->password_hash, own->is_admin, {}}));
    }
    if (UserPtr user = users_.user(name)) out.push_back(std::move(user));
    return out;
}

bool Accounts::matches(const UserPtr &user, std::string_view password) const {
    if (user != nullptr) return password_matches(password, user->password_hash);
    (void)password_matches(password, decoy_);
    return false;
}

}  // namespace varve::auth
