#include "model/users.hpp"

namespace varve {

std::string_view privilege_text(Privilege privilege) {
    switch (privilege) {
        case Privilege::read:
            return "READ";
        case Privilege::write:
            return "WRITE";
        case Privilege::all:
            return "ALL PRIVILEGES";
        case Privilege::none:
            break;
    }
    return "NO PRIVILEGES";
}

Privilege User::granted(std::string_view database) const {
    for (const Grant &grant : grants) {
        if (grant.database == database) return grant.privilege;
    }
    return Privilege::none;
}

bool User::may(Privilege wanted, std::string_view database) const {
    if (is_admin || wanted == Privilege::none) return true;
    const auto bits = static_cast<uint8_t>(wanted);
    return (static_cast<uint8_t>(granted(database)) & bits) == bits;
}

}  // namespace varve
