// Users with passwords, and what they may do.
#include "auth/accounts.hpp"

#include <gtest/gtest.h>

#include "support/memory_catalog.hpp"
#include "support/memory_users.hpp"

namespace varve::auth {
namespace {

class AccountsTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(catalog_.create_database("a", std::nullopt).ok());
        ASSERT_TRUE(catalog_.create_database("b", std::nullopt).ok());
    }
    void expect(const Status &status, Code code, const std::string &text) {
        EXPECT_EQ(status.code(), code);
        EXPECT_EQ(status.text(), text);
    }

    test::MemoryCatalog catalog_;
    test::MemoryUsers users_{catalog_};
    Accounts accounts_{users_, Env::posix(), {true, {8, 1}}};
};

TEST_F(AccountsTest, AUserIsMadeOnce) {
    expect(accounts_.create_user("", "pw", false), Code::invalid_argument, "username required");
    EXPECT_TRUE(accounts_.create_user("bob", "pw", false).ok());
    EXPECT_TRUE(accounts_.create_user("bob", "pw", false).ok());
    expect(accounts_.create_user("bob", "px", false), Code::already_exists, "user already exists");
    expect(accounts_.create_user("bob", "pw", true), Code::already_exists, "user already exists");
    EXPECT_TRUE(accounts_.user("bob")->password_hash.starts_with("$argon2id$"));
    EXPECT_TRUE(accounts_.matches(accounts_.user("bob"), "pw"));
    EXPECT_FALSE(accounts_.matches(accounts_.user("bob"), "px"));
    EXPECT_FALSE(accounts_.matches(nullptr, "pw"));
    expect(accounts_.set_password("eve", "x"), Code::not_found, "user not found");
    EXPECT_TRUE(accounts_.set_password("bob", "new").ok());
    EXPECT_TRUE(accounts_.matches(accounts_.user("bob"), "new"));
    EXPECT_FALSE(accounts_.matches(accounts_.user("bob"), "pw"));
}

TEST_F(AccountsTest, BeforeTheFirstUserNobodyMayAnything) {
    EXPECT_FALSE(accounts_.has_admin());
    const Access access = accounts_.access("");
    EXPECT_EQ(access.kind(), Access::Kind::no_users);
    EXPECT_FALSE(access.is_admin());
    EXPECT_FALSE(access.sees("a"));
    expect(access.need_user(), Code::permission_denied,
           "create admin user first or disable authentication");
    expect(access.need_write("a"), Code::permission_denied,
           "user is required to write to database \"a\"");
    expect(access.need_admin(), Code::permission_denied,
           "create admin user first or disable authentication");
}

TEST_F(AccountsTest, RightsFollowTheGrants) {
    ASSERT_TRUE(accounts_.create_user("root", "pw", true).ok());
    ASSERT_TRUE(accounts_.create_user("bob", "pw", false).ok());
    EXPECT_TRUE(accounts_.has_admin());
    EXPECT_TRUE(accounts_.access("root").is_admin());
    EXPECT_TRUE(accounts_.access("root").may(Privilege::all, "nowhere"));
    EXPECT_TRUE(accounts_.access("root").need_admin().ok());
    expect(accounts_.access("").need_user(), Code::permission_denied, "no user provided");
    expect(accounts_.access("eve").need_admin(), Code::permission_denied, "no user provided");

    EXPECT_FALSE(accounts_.access("bob").sees("a"));
    ASSERT_TRUE(users_.set_privilege("bob", "a", Privilege::read).ok());
    Access bob = accounts_.access("bob");
    EXPECT_TRUE(bob.may(Privilege::read, "a"));
    EXPECT_FALSE(bob.may(Privilege::write, "a"));
    EXPECT_FALSE(bob.may(Privilege::all, "a"));
    EXPECT_TRUE(bob.sees("a"));
    EXPECT_FALSE(bob.sees("b"));
    EXPECT_TRUE(bob.need_user().ok());
    expect(bob.need_write("a"), Code::permission_denied,
           "\"bob\" user is not authorized to write to database \"a\"");
    expect(bob.need_admin(), Code::permission_denied,
           "bob not authorized, requires admin privilege");
    ASSERT_TRUE(users_.set_privilege("bob", "a", Privilege::all).ok());
    EXPECT_TRUE(accounts_.access("bob").need_write("a").ok());
    ASSERT_TRUE(users_.set_privilege("bob", "a", Privilege::none).ok());
    EXPECT_FALSE(accounts_.access("bob").sees("a"));
    EXPECT_EQ(users_.user("bob")->grants.size(), 1u);
}

TEST_F(AccountsTest, WithoutAuthenticationEverybodyMayEverything) {
    const Accounts open(users_, Env::posix(), {false, {8, 1}});
    EXPECT_TRUE(open.access("").is_admin());
    EXPECT_TRUE(open.access("whoever").need_write("a").ok());
}

}  // namespace
}  // namespace varve::auth
