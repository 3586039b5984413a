// Which passwords were right a moment ago, so that a sender with basic authentication does not pay
// argon2 for every request. Passwords are not kept: only an HMAC of them under a key that is made
// at start and never leaves the process.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "model/users.hpp"

namespace varve::auth {

// [any thread] Holds one entry per user at most.
class PasswordMemory {
  public:
    static constexpr int64_t kLifeNs = 300LL * 1'000'000'000;

    explicit PasswordMemory(Env &env);

    // Whether this password was remembered for this user within the last five minutes and is still
    // the user's. Constant time for a given length.
    bool knows(const User &user, std::string_view password) const;
    void remember(const User &user, std::string_view password);

  private:
    using Digest = std::array<unsigned char, 32>;
    struct Entry {
        Digest digest;
        int64_t until_ns = 0;  // monotonic
    };
    // Over the stored hash as well: a changed password is forgotten by that.
    Digest digest(const User &user, std::string_view password) const;

    Env &env_;
    std::array<unsigned char, 32> key_{};
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;  // by name; guarded by mutex_
};

}  // namespace varve::auth
