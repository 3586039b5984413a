// Passwords at rest: argon2id, each with a salt of its own, as the text that argon2 calls encoded:
// "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>". The cost stands in the text, so it can be raised
// without making old ones invalid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "base/status.hpp"

namespace varve::auth {

// OWASP's recommendation for argon2id: about 20 ms of one core.
struct HashCost {
    uint32_t memory_kib = 19'456;
    uint32_t passes = 2;
};

// [blocking] Takes the cost's time and memory. resource_exhausted if there is no memory.
Result<std::string> hash_password(std::string_view password, HashCost cost, Env &env);

// [blocking] Likewise; compares in constant time. False also for a hash that is none.
bool password_matches(std::string_view password, const std::string &hash);

}  // namespace varve::auth
