#include "auth/access.hpp"

#include <string>

namespace varve::auth {

std::string_view Access::name() const {
    if (database_user_ != nullptr) return database_user_->name;
    return user_ == nullptr ? std::string_view() : user_->name;
}

Status Access::need_user() const {
    switch (kind_) {
        case Kind::no_users:
            return {Code::permission_denied, "create admin user first or disable authentication"};
        case Kind::nobody:
            return {Code::permission_denied, "no user provided"};
        default:
            return {};
    }
}

Status Access::denied(std::string_view what) const {
    return {Code::permission_denied,
            std::string(name()) + " not authorized to execute " + std::string(what)};
}

Status Access::need_write(std::string_view database) const {
    if (may(Privilege::write, database)) return {};
    const std::string target = "to write to database \"" + std::string(database) + '"';
    if (name().empty()) return {Code::permission_denied, "user is required " + target};
    return {Code::permission_denied,
            '"' + std::string(name()) + "\" user is not authorized " + target};
}

Status Access::need_admin() const {
    if (is_admin()) return {};
    VARVE_RETURN_IF_ERROR(need_user());
    return {Code::permission_denied,
            std::string(name()) + " not authorized, requires admin privilege"};
}

}  // namespace varve::auth
