// Passwords at rest, and the memory of those that were right.
#include "auth/password.hpp"

#include <gtest/gtest.h>

#include "auth/password_memory.hpp"
#include "core/auth/clock_env.hpp"

namespace varve::auth {
namespace {

constexpr HashCost kCheap{8, 1};

TEST(Password, IsHashedWithItsOwnSalt) {
    const auto first = hash_password("s3cret", kCheap, Env::posix());
    const auto second = hash_password("s3cret", kCheap, Env::posix());
    ASSERT_TRUE(first.ok()) << first.status().text();
    EXPECT_TRUE(first->starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << *first;
    EXPECT_NE(*first, *second);
    EXPECT_EQ(first->find("s3cret"), std::string::npos);
    EXPECT_TRUE(password_matches("s3cret", *first));
    EXPECT_TRUE(password_matches("s3cret", *second));
    EXPECT_FALSE(password_matches("s3cre", *first));
    EXPECT_FALSE(password_matches("", *first));
    EXPECT_FALSE(password_matches("s3cret", ""));
    EXPECT_FALSE(password_matches("s3cret", "no hash"));
}

TEST(Password, MayBeEmptyLongAndBinary) {
    for (const std::string &password :
         {std::string(), std::string(100'000, 'x'), std::string("a\0b", 3)}) {
        const auto hash = hash_password(password, kCheap, Env::posix());
        ASSERT_TRUE(hash.ok());
        EXPECT_TRUE(password_matches(password, *hash));
        EXPECT_FALSE(password_matches(password + "x", *hash));
    }
    const auto hash = hash_password(std::string("a\0b", 3), kCheap, Env::posix());
    EXPECT_FALSE(password_matches("a", *hash));
}

TEST(Password, KeepsItsCost) {
    const auto hash = hash_password("x", {16, 2}, Env::posix());
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=16,t=2,p=1$")) << *hash;
    EXPECT_TRUE(password_matches("x", *hash));
}

TEST(PasswordMemory, KnowsForFiveMinutesWhatWasRight) {
    test::ClockEnv env;
    PasswordMemory memory(env);
    const User bob{"bob", "hash-of-bob", false, {}};
    const User eve{"eve", "hash-of-eve", false, {}};
    EXPECT_FALSE(memory.knows(bob, "pw"));
    memory.remember(bob, "pw");
    EXPECT_TRUE(memory.knows(bob, "pw"));
    EXPECT_FALSE(memory.knows(bob, "px"));
    EXPECT_FALSE(memory.knows(bob, ""));
    EXPECT_FALSE(memory.knows(eve, "pw"));
    env.time_ns += PasswordMemory::kLifeNs - 1;
    EXPECT_TRUE(memory.knows(bob, "pw"));
    env.time_ns += 1;
    EXPECT_FALSE(memory.knows(bob, "pw"));
}

TEST(PasswordMemory, ForgetsAChangedPassword) {
    test::ClockEnv env;
    PasswordMemory memory(env);
    User bob{"bob", "old", false, {}};
    memory.remember(bob, "pw");
    bob.password_hash = "new";
    EXPECT_FALSE(memory.knows(bob, "pw"));
}

}  // namespace
}  // namespace varve::auth
