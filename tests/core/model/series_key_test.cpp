// Canonical series keys of the server's own rows.
#include "model/series_key.hpp"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(SeriesKey, EscapesAsLineProtocolDoes) {
    EXPECT_EQ(*make_series_key("a b,c=d", {{"k=1", "v, w"}, {"z", "1"}}),
              R"(a\ b\,c=d,k\=1=v\,\ w,z=1)");
    EXPECT_EQ(*make_series_key("m", {}), "m");
}

TEST(SeriesKey, AnEmptyValueIsNoTag) {
    EXPECT_EQ(*make_series_key("m", {{"a", ""}, {"b", "x"}}), "m,b=x");
}

TEST(SeriesKey, RefusesWhatCannotBeReadBack) {
    EXPECT_EQ(make_series_key("", {}).code(), Code::invalid_argument);
    EXPECT_EQ(make_series_key("m\\", {}).code(), Code::invalid_argument);
    EXPECT_EQ(make_series_key("m", {{"", "x"}}).code(), Code::invalid_argument);
    EXPECT_EQ(make_series_key("m", {{"a", "x\\"}}).code(), Code::invalid_argument);
    EXPECT_EQ(make_series_key("m", {{"a", std::string(65536, 'x')}}).status().text(),
              "max key length exceeded: 65540 > 65535");
}

TEST(SeriesKey, GivesItsTagsBack) {
    const Tags tags{{"k=1", "v, w"}, {"z", R"(a\b)"}};
    EXPECT_EQ(split_tags(*make_series_key("a b,c=d", tags)), tags);
    EXPECT_EQ(split_tags("m"), Tags{});
    EXPECT_EQ(split_tags(R"(a\,b=c)"), Tags{});
}

}  // namespace
}  // namespace varve
