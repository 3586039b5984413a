// The registry of statistics, and the keys of its modules.
#include <gtest/gtest.h>

#include "monitor/statistics.hpp"

namespace varve::monitor {
namespace {

std::vector<std::string> names(const Modules &modules) {
    std::vector<std::string> all;
    for (const Module &module : modules) all.push_back(module.name);
    return all;
}

TEST(Statistics, KeysAreThoseOfInfluxDB) {
    EXPECT_EQ((Module{"runtime", {}, {}}).key(), "runtime");
    EXPECT_EQ((Module{"database", {{"database", "d"}}, {}}).key(), "database:d");
    EXPECT_EQ((Module{"httpd", {{"bind", ":8086"}}, {}}).key(), "httpd::8086");
    EXPECT_EQ((Module{"graphite", {{"bind", ":2003"}, {"proto", "tcp"}}, {}}).key(),
              "graphite:tcp::2003");
    EXPECT_EQ((Module{"shard", {{"database", "d"}, {"id", "7"}, {"path", "/p"}}, {}}).key(),
              "shard:/p:7");
    EXPECT_EQ(
        (Module{"subscriber",
                {{"database", "d"}, {"retention_policy", "r"}, {"name", "n"}, {"destination", "x"}},
                {}})
            .key(),
        "subscriber:d:r:n:x");
}

TEST(Statistics, SourcesComeInOrderAndHiddenOnesByName) {
    Statistics statistics;
    int asked = 0;
    statistics.add([&](Modules &out) { out.push_back({"b", {}, {{"asked", ++asked}}}); });
    statistics.add([](Modules &out) {
        out.push_back({"a", {{"x", "1"}}, {}});
        out.push_back({"a", {{"x", "2"}}, {}});
    });
    statistics.add_hidden("h", [](Modules &out) { out.push_back({"h", {}, {}}); });
    EXPECT_EQ(names(statistics.gather()), (std::vector<std::string>{"b", "a", "a"}));
    EXPECT_EQ(names(statistics.gather("a")), (std::vector<std::string>{"a", "a"}));
    EXPECT_EQ(names(statistics.gather("h")), std::vector<std::string>{"h"});
    EXPECT_TRUE(statistics.gather("nope").empty());
    EXPECT_EQ(statistics.gather("b").front().values.at("asked"), 4);
    statistics.clear();
    EXPECT_TRUE(statistics.gather().empty());
    EXPECT_TRUE(statistics.gather("h").empty());
}

}  // namespace
}  // namespace varve::monitor
