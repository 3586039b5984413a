// Users of one database, as InfluxDB 0.8 has them: what they may do, and how they come in.
#include <gtest/gtest.h>

#include <future>

#include "auth/accounts.hpp"
#include "auth/http_authenticator.hpp"
#include "core/auth/clock_env.hpp"
#include "support/memory_catalog.hpp"
#include "support/memory_users.hpp"

namespace varve::auth {
namespace {

class DatabaseUsersTest : public testing::Test {
  protected:
    void SetUp() override {
        for (const char *name : {"a", "b"}) {
            ASSERT_TRUE(catalog_.create_database(name, std::nullopt).ok());
        }
        ASSERT_TRUE(accounts_.create_user("root", "pw", true).ok());
        DatabaseUser bob{
            "a", "bob", "", false, *NamePattern::parse("^r"), *NamePattern::parse("^w")};
        ASSERT_TRUE(accounts_.put_database_user(bob, "bobpw").ok());
    }
    ~DatabaseUsersTest() override { blocking_.stop(); }

    http::AuthDecision ask(const std::string &target, uint32_t flags = http::kInflux08,
                           const std::string &header = {}) {
        http::Request request;
        request.set_method("GET");
        EXPECT_TRUE(request.set_target(target));
        request.set_connection(1, "10.0.0.1:1", false);
        request.set_route_flags(flags);
        if (!header.empty()) request.add_header("Authorization", header);
        std::promise<http::AuthDecision> decision;
        authenticator_.authenticate(
            request, [&](http::AuthDecision made) { decision.set_value(std::move(made)); });
        return decision.get_future().get();
    }
    std::string refusal(const http::AuthDecision &decision) {
        return decision.allowed ? "let in" : std::to_string(decision.status) + ' ' + decision.error;
    }

    test::ClockEnv env_;
    test::MemoryCatalog catalog_;
    test::MemoryUsers users_{catalog_};
    Accounts accounts_{users_, Env::posix(), {true, {8, 1}}};
    SelfMetrics metrics_;
    Log log_{[](std::string_view) {}};
    Executor blocking_{"blocking", 1, 100};
    HttpAuthenticator authenticator_{{accounts_, blocking_, env_, log_, metrics_}, {}};
};

TEST_F(DatabaseUsersTest, MayDoWithSeriesWhatTheirPatternsSay) {
    const Access bob = accounts_.access(principal_of("a", "bob"));
    EXPECT_EQ(bob.kind(), Access::Kind::database_user);
    EXPECT_EQ(bob.name(), "bob");
    EXPECT_TRUE(bob.may_read("a", "r1"));
    EXPECT_FALSE(bob.may_read("a", "w1"));
    EXPECT_TRUE(bob.may_write("a", "w1"));
    EXPECT_FALSE(bob.may_write("a", "r1"));
    EXPECT_FALSE(bob.may_read("b", "r1"));
    EXPECT_FALSE(bob.may_write("b", "w1"));
    EXPECT_TRUE(bob.sees("a"));
    EXPECT_FALSE(bob.sees("b"));
    EXPECT_FALSE(bob.is_admin());
    EXPECT_FALSE(bob.is_admin_of("a"));
    EXPECT_EQ(bob.need_admin().text(), "bob not authorized, requires admin privilege");
    DatabaseUser changed = *users_.database_user("a", "bob");
    changed.is_admin = true;
    ASSERT_TRUE(accounts_.put_database_user(changed, std::nullopt).ok());
    EXPECT_TRUE(accounts_.access(principal_of("a", "bob")).is_admin_of("a"));
    EXPECT_FALSE(accounts_.access(principal_of("a", "bob")).is_admin_of("b"));
    EXPECT_FALSE(accounts_.access(principal_of("a", "bob")).is_admin());
    EXPECT_TRUE(accounts_.access("root").is_admin_of("b"));
    for (const std::string &name : {principal_of("b", "bob"), principal_of("a", "eve"),
                                    std::string("\x1f"), std::string("bob")}) {
        EXPECT_EQ(accounts_.access(name).kind(), Access::Kind::nobody) << name;
    }
    // Nobody else may bear such a name.
    EXPECT_EQ(accounts_.create_user(principal_of("a", "bob"), "x", true).text(),
              "invalid username");
}

TEST_F(DatabaseUsersTest, ComeInAtTheirOwnDatabaseOnly) {
    EXPECT_EQ(ask("/db/a/series?u=bob&p=bobpw").principal, principal_of("a", "bob"));
    EXPECT_EQ(ask("/db/a/series?u=bob&p=bobpw").principal, principal_of("a", "bob"));
    EXPECT_EQ(refusal(ask("/db/b/series?u=bob&p=bobpw")), "401 Invalid username/password");
    EXPECT_EQ(refusal(ask("/db?u=bob&p=bobpw")), "401 Invalid username/password");
    EXPECT_EQ(refusal(ask("/db/a/series?u=bob&p=wrong")), "401 Invalid username/password");
    EXPECT_EQ(refusal(ask("/db/a/series")), "401 Invalid database/username/password");
    EXPECT_EQ(ask("/db/a/series?u=root&p=pw").principal, "root");
    EXPECT_EQ(ask("/cluster_admins?u=root&p=pw").principal, "root");
    // A path that only looks like it, of InfluxDB 1.x.
    EXPECT_EQ(refusal(ask("/db/a/series?u=bob&p=bobpw", http::kInflux)),
              "401 authorization failed");
}

TEST_F(DatabaseUsersTest, OneNameMayBeTwoPeople) {
    ASSERT_TRUE(accounts_.create_user("bob", "other", false).ok());
    EXPECT_EQ(ask("/db/a/series?u=bob&p=bobpw").principal, principal_of("a", "bob"));
    EXPECT_EQ(ask("/db/a/series?u=bob&p=other").principal, "bob");
    EXPECT_EQ(ask("/db/b/series?u=bob&p=other").principal, "bob");
    EXPECT_FALSE(ask("/db/b/series?u=bob&p=bobpw").allowed);
    // What was right a moment ago no longer is.
    ASSERT_TRUE(accounts_.put_database_user(*users_.database_user("a", "bob"), "new").ok());
    EXPECT_FALSE(ask("/db/a/series?u=bob&p=bobpw").allowed);
    ASSERT_TRUE(users_.drop_database_user("a", "bob").ok());
    EXPECT_FALSE(ask("/db/a/series?u=bob&p=new").allowed);
}

TEST_F(DatabaseUsersTest, HeadersThatCannotBeRead) {
    EXPECT_EQ(refusal(ask("/db/a/series", http::kInflux08, "x")), "400 Bad auth header");
    EXPECT_EQ(refusal(ask("/db/a/series", http::kInflux08, "Basic a b")), "400 Bad auth header");
    EXPECT_EQ(refusal(ask("/db/a/series", http::kInflux08, "Basic !")), "400 Bad encoding");
    EXPECT_EQ(refusal(ask("/db/a/series", http::kInflux08, "Basic Ym9i")), "400 Bad auth value");
    EXPECT_EQ(ask("/db/a/series", http::kInflux08, "Basic Ym9iOmJvYnB3").principal,
              principal_of("a", "bob"));
    EXPECT_EQ(refusal(ask("/query", http::kInflux, "x")),
              "401 unable to parse authentication credentials");
}

}  // namespace
}  // namespace varve::auth
