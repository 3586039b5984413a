// Who may store, list and drop continuous queries.
#include <gtest/gtest.h>

#include "support/query_bench.hpp"

namespace varve::query {
namespace {

TEST(Influxql08Privileges, ContinuousQueriesNeedAnAdministrator) {
    test::QueryBench bench;
    bench.use_influxql08();
    bench.write("x v=1 10\n", "d");
    bench.ask("create user root with password 'x' with all privileges");
    bench.ask("create user bob with password 'x'");
    bench.ask("grant all on d to bob");
    bench.require_users();
    test::QueryBench::Ask ask;
    ask.language = "influxql08";
    const auto ask_as = [&](const std::string &name, const std::string &text) {
        ask.principal = name;
        return bench.ask(text, ask);
    };
    EXPECT_EQ(ask_as("bob", "select * from x into y"),
              "Insufficient permissions to create continuous query");
    EXPECT_EQ(bench.code, VARVE_PERMISSION_DENIED);
    EXPECT_EQ(ask_as("bob", "list continuous queries"),
              "Insufficient permissions to list continuous queries");
    EXPECT_EQ(ask_as("root", "select * from x into y"), "[]");
    EXPECT_EQ(ask_as("bob", "drop continuous query 1"),
              "Insufficient permissions to delete continuous query");
    EXPECT_EQ(bench.catalog().continuous_queries_08()->size(), 1U);
    // The copy is the server's: whoever writes needs no more than the right to write.
    bench.write("x v=2 20\n", "d");
    EXPECT_EQ(ask_as("bob", "select * from y"),
              R"([{"name":"y","columns":["time","v"],"points":[[20,2]]}])");
    EXPECT_EQ(ask_as("root", "drop continuous query 1"), "[]");
    EXPECT_TRUE(bench.catalog().continuous_queries_08()->empty());
    ask.database = "nope";
    for (const char *text :
         {"select * from x into y", "list continuous queries", "drop continuous query 1"}) {
        EXPECT_EQ(ask_as("root", text), "Database nope doesn't exist");
        EXPECT_EQ(bench.code, VARVE_INVALID_ARGUMENT);
    }
}

}  // namespace
}  // namespace varve::query
