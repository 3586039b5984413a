#include "auth/password.hpp"

#include <argon2.h>

#include <array>

namespace varve::auth {

namespace {
constexpr size_t kSaltSize = 16;
constexpr size_t kHashSize = 32;
constexpr uint32_t kLanes = 1;
}  // namespace

Result<std::string> hash_password(std::string_view password, HashCost cost, Env &env) {
    std::array<unsigned char, kSaltSize> salt{};
    env.random(salt.data(), salt.size());
    std::string encoded(
        argon2_encodedlen(cost.passes, cost.memory_kib, kLanes, kSaltSize, kHashSize, Argon2_id),
        '\0');
    const int code = argon2id_hash_encoded(cost.passes, cost.memory_kib, kLanes, password.data(),
                                           password.size(), salt.data(), salt.size(), kHashSize,
                                           encoded.data(), encoded.size());
    if (code != ARGON2_OK) {
        return Status(Code::resource_exhausted,
                      std::string("password hash: ") + argon2_error_message(code));
    }
    encoded.resize(encoded.find('\0'));
    return encoded;
}

bool password_matches(std::string_view password, const std::string &hash) {
    return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

}  // namespace varve::auth
