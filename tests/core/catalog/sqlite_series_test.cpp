// Shard spaces and users of a database that survive a restart.
#include "core/catalog/catalog_fixture.hpp"

namespace varve {
namespace {

class SqliteSeries : public CatalogFixture {
  protected:
    void SetUp() override {
        CatalogFixture::SetUp();
        ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
        for (const char *name : {"a", "b"}) {
            RetentionPolicySpec spec;
            spec.name = name;
            ASSERT_TRUE(catalog().create_retention_policy("d", spec).ok());
        }
    }
    static NamePattern pattern(std::string_view text) {
        auto parsed = NamePattern::parse_delimited(text);
        EXPECT_TRUE(parsed.ok()) << parsed.status().text();
        return *parsed;
    }
    std::string policy_of(std::string_view series) {
        return database("d").policy_of_series(series);
    }
    static DatabaseUser user(const std::string &name, bool is_admin = false) {
        return {"d",
                name,
                "hash of " + name,
                is_admin,
                *NamePattern::parse("^r"),
                *NamePattern::parse("^w")};
    }
};

TEST_F(SqliteSeries, SpacesTakeSeriesInTheOrderOfTheirCreation) {
    EXPECT_EQ(policy_of("cpu"), "autogen");
    ASSERT_TRUE(catalog().set_space("d", "b", pattern("/^c/")).ok());
    ASSERT_TRUE(catalog().set_space("d", "a", pattern("/U/i")).ok());
    EXPECT_EQ(catalog().set_space("d", "none", pattern("/./")).text(),
              "retention policy not found: none");
    EXPECT_EQ(catalog().set_space("none", "a", pattern("/./")).text(), "database not found: none");
    reopen();
    EXPECT_EQ(policy_of("cpu"), "b");
    EXPECT_EQ(policy_of("u"), "a");
    EXPECT_EQ(policy_of("mem"), "autogen");
    EXPECT_EQ(database("d").spaces[1].series.text(), "/U/i");
    // Another pattern, the same place.
    ASSERT_TRUE(catalog().set_space("d", "b", pattern("/m/")).ok());
    RetentionPolicyChange change;
    change.name = "renamed";
    ASSERT_TRUE(catalog().alter_retention_policy("d", "b", change).ok());
    reopen();
    EXPECT_EQ(policy_of("mu"), "renamed");
    ASSERT_TRUE(catalog().drop_retention_policy("d", "renamed").ok());
    EXPECT_EQ(policy_of("mu"), "a");
    EXPECT_EQ(database("d").spaces.size(), 1u);
}

TEST_F(SqliteSeries, UsersOfADatabaseGoWithIt) {
    ASSERT_TRUE(catalog_->put_database_user(user("bob")).ok());
    ASSERT_TRUE(catalog_->put_database_user(user("al", true)).ok());
    ASSERT_TRUE(catalog_->put_database_user(user("bob", true)).ok());
    reopen();
    const std::vector<DatabaseUserPtr> users = catalog_->database_users("d");
    ASSERT_EQ(users.size(), 2u);
    EXPECT_EQ(users[0]->name, "bob");
    EXPECT_TRUE(users[0]->is_admin);
    EXPECT_EQ(users[0]->password_hash, "hash of bob");
    EXPECT_EQ(users[0]->read_from.text(), "^r");
    EXPECT_TRUE(users[0]->write_to.matches("w1"));
    EXPECT_FALSE(users[0]->write_to.matches("r1"));
    EXPECT_EQ(catalog_->database_user("d", "eve"), nullptr);
    EXPECT_EQ(catalog_->database_user("e", "bob"), nullptr);
    EXPECT_EQ(catalog_->user("bob"), nullptr);
    ASSERT_TRUE(catalog().rename_database("d", "e", {}).ok());
    EXPECT_NE(catalog_->database_user("e", "bob"), nullptr);
    ASSERT_TRUE(catalog_->drop_database_user("e", "bob").ok());
    EXPECT_EQ(catalog_->drop_database_user("e", "bob").text(), "user not found");
    EXPECT_EQ(catalog_->drop_database_user("d", "al").text(), "user not found");
    EXPECT_EQ(catalog_->put_database_user(user("x")).text(), "database not found: d");
    ASSERT_TRUE(catalog().drop_database("e").ok());
    ASSERT_TRUE(catalog().create_database("e", std::nullopt).ok());
    reopen();
    EXPECT_TRUE(catalog_->database_users("e").empty());
}

}  // namespace
}  // namespace varve
