#include "query/languages/influxql/syntax/params.hpp"

#include <gtest/gtest.h>

#include "query/languages/influxql/syntax/parser.hpp"

namespace varve::query::influxql {
namespace {

std::string bound(const std::string &query, const std::string &json) {
    const auto params = parse_params(json);
    if (!params.ok()) return params.status().text();
    const auto statements = parse_query(query, *params);
    return statements.ok() ? to_string(statements->front()) : statements.status().text();
}

TEST(Params, EveryKind) {
    EXPECT_EQ(bound("select v from $m", R"({"m":{"identifier":"my cpu"}})"),
              "SELECT v FROM \"my cpu\"");
    EXPECT_EQ(bound("select v from m where h = $h", R"({"h":"a'b"})"),
              "SELECT v FROM m WHERE h = 'a\\'b'");
    EXPECT_EQ(bound("select v from m where h =~ $h", R"({"h":{"regex":"a/b"}})"),
              "SELECT v FROM m WHERE h =~ /a\\/b/");
    EXPECT_EQ(bound("select mean(v) from m group by time($t)", R"({"t":{"duration":"5m"}})"),
              "SELECT mean(v) FROM m GROUP BY time(5m)");
    EXPECT_EQ(bound("select v from m limit $n", R"({"n":3})"), "SELECT v FROM m LIMIT 3");
    EXPECT_EQ(bound("select v from m where v > $x", R"({"x":1.5})"),
              "SELECT v FROM m WHERE v > 1.500");
    EXPECT_EQ(bound("select v from m where b = $x", R"({"x":true})"),
              "SELECT v FROM m WHERE b = true");
}

TEST(Params, Errors) {
    EXPECT_EQ(bound("select v from m where v > $y", R"({"x":1})"), "missing parameter: y");
    EXPECT_EQ(bound("select v from m where v > $x", R"({"x":null})"),
              "unable to bind parameter with type <nil>");
    EXPECT_EQ(bound("select v from m where v > $x", R"({"x":{"a":1,"b":2}})"),
              "bound object parameter value must have exactly one entry");
    EXPECT_EQ(bound("select v from m where v > $x", R"({"x":{"foo":1}})"),
              "unknown bind object type: foo");
    EXPECT_TRUE(parse_params("{").status().text().starts_with("error parsing query parameters: "));
    EXPECT_TRUE(
        parse_params("[1]").status().text().starts_with("error parsing query parameters: "));
}

}  // namespace
}  // namespace varve::query::influxql
