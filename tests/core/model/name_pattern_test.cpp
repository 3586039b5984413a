// Patterns of series names, as permissions and shard spaces write them.
#include "model/name_pattern.hpp"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(NamePattern, FindsAnywhereInTheName) {
    const NamePattern everything;
    EXPECT_EQ(everything.text(), ".*");
    EXPECT_TRUE(everything.matches(""));
    const auto some = NamePattern::parse("a+$");
    ASSERT_TRUE(some.ok());
    EXPECT_TRUE(some->matches("xaa"));
    EXPECT_FALSE(some->matches("aax"));
    // Slashes are characters like others here.
    EXPECT_FALSE(NamePattern::parse("/a/")->matches("a"));
    const auto broken = NamePattern::parse("(");
    EXPECT_EQ(broken.status().text(), "error parsing regexp: missing ): (: `(`");
}

TEST(NamePattern, MayStandBetweenSlashes) {
    EXPECT_TRUE(NamePattern::parse_delimited("/^a/")->matches("ab"));
    EXPECT_FALSE(NamePattern::parse_delimited("/^a/")->matches("Ab"));
    EXPECT_TRUE(NamePattern::parse_delimited("/^a/i")->matches("Ab"));
    EXPECT_EQ(NamePattern::parse_delimited("/^a/i")->text(), "/^a/i");
    EXPECT_TRUE(NamePattern::parse_delimited("//")->matches("x"));
    EXPECT_TRUE(NamePattern::parse_delimited("^a")->matches("ab"));
    EXPECT_TRUE(NamePattern::parse_delimited("/")->matches("a/b"));
}

}  // namespace
}  // namespace varve
