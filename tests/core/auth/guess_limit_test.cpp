// How many wrong passwords an address may try.
#include "auth/guess_limit.hpp"

#include <gtest/gtest.h>

namespace varve::auth {
namespace {

TEST(GuessLimit, CountsPerAddressAndName) {
    GuessLimit limit(2);
    const int64_t now = 5;
    limit.failed("10.0.0.1:1000", "root", now);
    EXPECT_TRUE(limit.allows("10.0.0.1:1000", "root", now));
    limit.failed("10.0.0.1:1001", "root", now);  // another connection of the same address
    EXPECT_FALSE(limit.allows("10.0.0.1:1002", "root", now));
    EXPECT_TRUE(limit.allows("10.0.0.1:1002", "bob", now));
    EXPECT_TRUE(limit.allows("10.0.0.2:1000", "root", now));
    EXPECT_TRUE(limit.allows("unix", "root", now));
    EXPECT_TRUE(limit.allows("10.0.0.1:1", "root", now + GuessLimit::kWindowNs));
}

TEST(GuessLimit, ARightPasswordStartsAnew) {
    GuessLimit limit(1);
    limit.failed("[::1]:7", "root", 1);
    EXPECT_FALSE(limit.allows("[::1]:8", "root", 2));
    limit.succeeded("[::1]:9", "root");
    EXPECT_TRUE(limit.allows("[::1]:8", "root", 3));
}

TEST(GuessLimit, AFailureAfterTheWindowOpensANewOne) {
    GuessLimit limit(1);
    limit.failed("a:1", "root", 1);
    limit.failed("a:1", "root", 1 + GuessLimit::kWindowNs);
    EXPECT_FALSE(limit.allows("a:1", "root", 2 + GuessLimit::kWindowNs));
}

TEST(GuessLimit, ManyNamesDoNotPushOutTheOneThatIsGuessed) {
    GuessLimit limit(3);
    for (int i = 0; i < 3; ++i) limit.failed("a:1", "root", 1);
    for (size_t i = 0; i < GuessLimit::kEntriesMax + 50; ++i) {
        limit.failed("a:1", std::to_string(i), 2);
    }
    EXPECT_FALSE(limit.allows("a:1", "root", 3));
}

TEST(GuessLimit, ZeroIsNoLimit) {
    GuessLimit limit(0);
    for (int i = 0; i < 1000; ++i) limit.failed("a:1", "root", 1);
    EXPECT_TRUE(limit.allows("a:1", "root", 1));
}

}  // namespace
}  // namespace varve::auth
