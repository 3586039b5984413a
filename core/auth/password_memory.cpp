#include "auth/password_memory.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace varve::auth {

PasswordMemory::PasswordMemory(Env &env) : env_(env) {
    env_.random(key_.data(), key_.size());
}

PasswordMemory::Digest PasswordMemory::digest(const User &user, std::string_view password) const {
    // The stored hash holds no NUL, so the two cannot run into each other.
    std::string text = user.password_hash;
    text += '\0';
    text += password;
    Digest out{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
         reinterpret_cast<const unsigned char *>(text.data()), text.size(), out.data(), &size);
    OPENSSL_cleanse(text.data(), text.size());
    return out;
}

bool PasswordMemory::knows(const User &user, std::string_view password) const {
    const Digest asked = digest(user, password);
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(user.name);
    return found != entries_.end() && env_.monotonic_ns() < found->second.until_ns &&
           CRYPTO_memcmp(asked.data(), found->second.digest.data(), asked.size()) == 0;
}

void PasswordMemory::remember(const User &user, std::string_view password) {
    const Entry entry{digest(user, password), env_.monotonic_ns() + kLifeNs};
    const std::scoped_lock lock(mutex_);
    entries_[user.name] = entry;
}

}  // namespace varve::auth
