// Paths taken apart, and patterns of routes.
#include "inputs/http/series_api/target_path.hpp"

#include <gtest/gtest.h>

namespace varve {
namespace {

using Segments = std::vector<std::string>;

TEST(TargetPath, SegmentsAreDecodedOneByOne) {
    EXPECT_EQ(*path_segments("/db/my%2Fdb/series?q=a/b"), (Segments{"db", "my/db", "series"}));
    EXPECT_EQ(*path_segments("/db/a+b%20c//"), (Segments{"db", "a+b c"}));
    EXPECT_EQ(*path_segments("/db//users"), (Segments{"db", "", "users"}));
    EXPECT_EQ(*path_segments("/"), Segments{});
    EXPECT_EQ(*path_segments("?x"), Segments{});
    for (const char *target : {"/a%", "/a%2", "/a%zz", "/%2x/b"}) {
        EXPECT_FALSE(path_segments(target)) << target;
    }
}

TEST(TargetPath, PatternsTakeWholeSegments) {
    Segments values;
    EXPECT_TRUE(matches_path({"db", "d", "users", "bob"}, "db/:db/users/:name", values));
    EXPECT_EQ(values, (Segments{"d", "bob"}));
    EXPECT_FALSE(matches_path({"db", "d", "users"}, "db/:db/users/:name", values));
    EXPECT_FALSE(matches_path({"db", "d", "users", "bob", "x"}, "db/:db/users/:name", values));
    EXPECT_FALSE(matches_path({"db", "", "users", "bob"}, "db/:db/users/:name", values));
    EXPECT_FALSE(matches_path({"db", "d", "user", "bob"}, "db/:db/users/:name", values));
    EXPECT_FALSE(matches_path({}, "db", values));
    EXPECT_TRUE(matches_path({"db"}, "db", values));
    EXPECT_TRUE(values.empty());
}

}  // namespace
}  // namespace varve
