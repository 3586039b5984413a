// Continuous queries and subscriptions that survive a restart.
#include "core/catalog/catalog_fixture.hpp"

namespace varve {
namespace {

class SqliteServices : public CatalogFixture {
  protected:
    void SetUp() override {
        CatalogFixture::SetUp();
        ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
        ASSERT_TRUE(catalog().create_database("e", std::nullopt).ok());
    }
    static void expect_error(const Status &status, Code code, const std::string &text) {
        EXPECT_EQ(status.code(), code);
        EXPECT_EQ(status.text(), text);
    }
    // "d.cq=TEXT@last ..."
    std::string queries() {
        std::string out;
        const auto found = catalog().continuous_queries();
        for (const ContinuousQuery &query : *found) {
            out += query.database + "." + query.name + "=" + query.text + "@" +
                   std::to_string(query.last_run_ns) + " ";
        }
        return out;
    }
    static Subscription subscription(const std::string &database, const std::string &name) {
        return {0, database, "autogen", name, false, {"udp://h:1", "HTTPS://u:p@h.x:443/p?q=1"}};
    }
    std::string subscriptions() {
        std::string out;
        const auto found = catalog().subscriptions();
        for (const Subscription &s : *found) {
            out +=
                s.database + "." + s.retention_policy + "." + s.name + (s.to_all ? " ALL" : " ANY");
            for (const std::string &url : s.destinations) out += " " + url;
            out += ';';
        }
        return out;
    }
};

TEST_F(SqliteServices, FollowTheirDatabasesName) {
    ASSERT_TRUE(catalog().create_continuous_query("d", "q", "on d").ok());
    ASSERT_TRUE(catalog().create_continuous_query("e", "r", "from d").ok());
    ASSERT_TRUE(catalog().create_subscription(subscription("d", "s")).ok());
    const auto ids = catalog().continuous_queries();
    const uint64_t revision = catalog().subscriptions_revision();
    const std::map<uint64_t, std::string> texts{
        {ids->at(0).id, "on f"}, {ids->at(1).id, "from f"}, {4711, "gone"}};
    expect_error(catalog().rename_database("d", "e", texts), Code::already_exists,
                 "database already exists: e");
    EXPECT_EQ(queries(), "d.q=on d@0 e.r=from d@0 ");
    ASSERT_TRUE(catalog().rename_database("d", "f", texts).ok());
    EXPECT_NE(catalog().subscriptions_revision(), revision);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(queries(), "f.q=on f@0 e.r=from f@0 ");
        EXPECT_EQ(subscriptions(), "f.autogen.s ANY udp://h:1 HTTPS://u:p@h.x:443/p?q=1;");
        reopen();
    }
}

TEST_F(SqliteServices, ContinuousQueries) {
    ASSERT_TRUE(catalog().create_continuous_query("e", "q", "Text").ok());
    ASSERT_TRUE(catalog().create_continuous_query("d", "q 'x'", "a").ok());
    EXPECT_TRUE(catalog().create_continuous_query("e", "q", "TEXT").ok());
    expect_error(catalog().create_continuous_query("e", "q", "other"), Code::already_exists,
                 "continuous query already exists");
    expect_error(catalog().create_continuous_query("x", "q", "a"), Code::not_found,
                 "database not found: x");
    const uint64_t id = catalog().continuous_queries()->at(1).id;
    ASSERT_TRUE(catalog().set_last_runs({{id, 1'600'000'000'000'000'000}, {4711, 5}}).ok());
    EXPECT_EQ(queries(), "d.q 'x'=a@0 e.q=Text@1600000000000000000 ");
    reopen();
    EXPECT_EQ(queries(), "d.q 'x'=a@0 e.q=Text@1600000000000000000 ");
    ASSERT_TRUE(catalog().drop_continuous_query("d", "q 'x'").ok());
    EXPECT_TRUE(catalog().drop_continuous_query("d", "none").ok());
    EXPECT_TRUE(catalog().drop_continuous_query("none", "q").ok());
    reopen();
    EXPECT_EQ(queries(), "e.q=Text@1600000000000000000 ");
    ASSERT_TRUE(catalog().drop_database("e").ok());
    EXPECT_EQ(queries(), "");
}

TEST_F(SqliteServices, ContinuousQueriesOf08) {
    EXPECT_EQ(catalog().continuous_queries_08_revision(), 0u);
    EXPECT_EQ(*catalog().create_continuous_query_08("e", "select 'x'", 5), 1u);
    EXPECT_EQ(*catalog().create_continuous_query_08("d", "a", kTimeMin), 1u);
    EXPECT_EQ(*catalog().create_continuous_query_08("e", "b", 7), 2u);
    EXPECT_EQ(*catalog().create_continuous_query_08("e", "b", 8), 3u);
    expect_error(catalog().create_continuous_query_08("x", "a", 0).status(), Code::not_found,
                 "database not found: x");
    const uint64_t id = catalog().continuous_queries_08()->at(1).id;
    const uint64_t revision = catalog().continuous_queries_08_revision();
    ASSERT_TRUE(catalog().set_last_runs_08({{id, 1'600'000'000'000'000'000}, {4711, 5}}).ok());
    EXPECT_EQ(catalog().continuous_queries_08_revision(), revision);
    ASSERT_TRUE(catalog().drop_continuous_query_08("e", 2).ok());
    EXPECT_TRUE(catalog().drop_continuous_query_08("e", 2).ok());
    EXPECT_TRUE(catalog().drop_continuous_query_08("x", 1).ok());
    EXPECT_NE(catalog().continuous_queries_08_revision(), revision);
    ASSERT_TRUE(catalog().rename_database("d", "f", {}).ok());
    for (int i = 0; i < 2; ++i) {
        std::string all;
        const auto found = catalog().continuous_queries_08();
        for (const ContinuousQuery08 &query : *found) {
            EXPECT_EQ(query.db_id, database(query.database).id);
            all += query.database + "." + std::to_string(query.number) + "=" + query.text + "@" +
                   std::to_string(query.last_run_ns) + " ";
        }
        EXPECT_EQ(all, "f.1=a@" + std::to_string(kTimeMin) +
                           " e.1=select 'x'@1600000000000000000 e.3=b@8 ");
        EXPECT_EQ(queries(), "");
        reopen();
    }
    EXPECT_EQ(*catalog().create_continuous_query_08("e", "c", 0), 4u);
    ASSERT_TRUE(catalog().drop_database("e").ok());
    EXPECT_EQ(catalog().continuous_queries_08()->size(), 1u);
}

TEST_F(SqliteServices, Subscriptions) {
    ASSERT_TRUE(catalog().create_subscription(subscription("e", "s")).ok());
    ASSERT_TRUE(catalog().create_subscription(subscription("d", "s")).ok());
    expect_error(catalog().create_subscription(subscription("d", "s")), Code::already_exists,
                 "subscription already exists");
    expect_error(catalog().create_subscription(subscription("x", "s")), Code::not_found,
                 "database not found: x");
    Subscription other = subscription("d", "t");
    other.retention_policy = "none";
    expect_error(catalog().create_subscription(other), Code::not_found,
                 "retention policy not found: none");
    for (const char *url : {"", "h:1", "tcp://h:1", "udp://h", "udp://h:", "udp://h:x",
                            "udp://a b:1", "udp://h:1\n"}) {
        other = subscription("d", "t");
        other.destinations.emplace_back(url);
        expect_error(catalog().create_subscription(other), Code::invalid_argument,
                     std::string("invalid subscription URL: ") + url);
    }
    const std::string all =
        "d.autogen.s ANY udp://h:1 HTTPS://u:p@h.x:443/p?q=1;"
        "e.autogen.s ANY udp://h:1 HTTPS://u:p@h.x:443/p?q=1;";
    EXPECT_EQ(subscriptions(), all);
    reopen();
    EXPECT_EQ(subscriptions(), all);
    expect_error(catalog().drop_subscription("d", "autogen", "t"), Code::not_found,
                 "subscription not found");
    ASSERT_TRUE(catalog().drop_subscription("d", "autogen", "s").ok());
    ASSERT_TRUE(catalog().drop_retention_policy("e", "autogen").ok());
    EXPECT_EQ(subscriptions(), "");
}

}  // namespace
}  // namespace varve
