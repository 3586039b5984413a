// What requests say about their sender.
#include "auth/credentials.hpp"

#include <gtest/gtest.h>

namespace varve::auth {
namespace {

std::string read(const std::string &target, const std::string &authorization = "") {
    http::Request request;
    request.set_method("GET");
    EXPECT_TRUE(request.set_target(target));
    if (!authorization.empty()) request.add_header("Authorization", authorization);
    const auto found = read_credentials(request);
    if (!found.ok()) return found.status().text();
    if (found->kind == Credentials::Kind::bearer) return "bearer " + found->token;
    return found->name + "|" + found->password;
}

constexpr const char *kNothing = "unable to parse authentication credentials";

TEST(Credentials, OfTheQueryString) {
    EXPECT_EQ(read("/query?u=root&p=a%20b"), "root|a b");
    EXPECT_EQ(read("/query?u=root"), kNothing);
    EXPECT_EQ(read("/query?u=root&p="), kNothing);
    EXPECT_EQ(read("/query?u=root&p=x", "Basic cm9vdDpwdw=="), "root|x");
    EXPECT_EQ(read("/query?u=root", "Basic cm9vdDpwdw=="), "root|pw");
}

TEST(Credentials, OfTheHeader) {
    EXPECT_EQ(read("/"), kNothing);
    EXPECT_EQ(read("/", "Basic cm9vdDpwdw=="), "root|pw");
    EXPECT_EQ(read("/", "basic cm9vdDpwdw=="), "root|pw");
    EXPECT_EQ(read("/", "Basic cm9vdDo="), "root|");
    EXPECT_EQ(read("/", "Basic OnB3"), "|pw");
    EXPECT_EQ(read("/", "Basic YTpiOmM="), "a|b:c");
    EXPECT_EQ(read("/", "Token root:pw"), "root|pw");
    EXPECT_EQ(read("/", "Token root:p:w"), "root|p:w");
    EXPECT_EQ(read("/", "Bearer a.b.c"), "bearer a.b.c");
    for (const char *bad : {"Basic", "Basic xx", "Basic cm9vdHB3", "Basic cm9vdDpwdw== x",
                            "Basic cm9vdDpwdw", "token root:pw", "Token rootpw", "Token root:p w",
                            "bearer x", "Bearer", "Bearer a b", "Foo", "Foo bar"}) {
        EXPECT_EQ(read("/", bad), kNothing) << bad;
    }
}

}  // namespace
}  // namespace varve::auth
