// The catalog's contract (core/model/catalog.hpp), kept over a restart.
#include <limits>
#include <set>
#include <thread>

#include "core/catalog/catalog_fixture.hpp"

namespace varve {
namespace {

using SqliteCatalogTest = CatalogFixture;

RetentionPolicySpec spec(std::string name, int64_t duration_ns = 0) {
    RetentionPolicySpec made;
    made.name = std::move(name);
    made.duration_ns = duration_ns;
    return made;
}

void expect_error(const Status &status, Code code, const std::string &text) {
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(status.text(), text);
}

TEST_F(SqliteCatalogTest, DatabasesInTheOrderOfTheirCreation) {
    EXPECT_TRUE(catalog().databases()->empty());
    for (const char *name : {"z", "a", "m"}) {
        ASSERT_TRUE(catalog().create_database(name, std::nullopt).ok());
    }
    ASSERT_TRUE(catalog().create_database("a", std::nullopt).ok());  // it exists: fine
    EXPECT_EQ(names(), (std::vector<std::string>{"z", "a", "m"}));
    reopen();
    EXPECT_EQ(names(), (std::vector<std::string>{"z", "a", "m"}));
    const Database made = database("a");
    EXPECT_EQ(made.default_policy, "autogen");
    ASSERT_EQ(made.policies.size(), 1u);
    EXPECT_EQ(made.policies[0].name, "autogen");
    EXPECT_EQ(made.policies[0].duration_ns, 0);
    EXPECT_EQ(made.policies[0].shard_duration_ns, 7 * kDayNs);
    EXPECT_EQ(made.policies[0].replica_n, 1u);
    EXPECT_TRUE(made.policies[0].is_default);
    expect_error(catalog().database("none").status(), Code::not_found, "database not found: none");
    EXPECT_EQ(catalog().database("A").code(), Code::not_found);
}

TEST_F(SqliteCatalogTest, DatabaseWithAPolicy) {
    ASSERT_TRUE(catalog().create_database("d", spec("week", 7 * kDayNs)).ok());
    EXPECT_TRUE(catalog().create_database("d", spec("week", 7 * kDayNs)).ok());
    EXPECT_TRUE(catalog().create_database("d", std::nullopt).ok());
    for (const auto &other : {spec("week", 8 * kDayNs), spec("autogen")}) {
        expect_error(catalog().create_database("d", other), Code::already_exists,
                     "retention policy conflicts with an existing policy");
    }
    const Database made = database("d");
    EXPECT_EQ(made.default_policy, "week");
    ASSERT_EQ(made.policies.size(), 1u);
    EXPECT_EQ(made.policies[0].shard_duration_ns, kDayNs);
}

TEST_F(SqliteCatalogTest, NamesThatAreNone) {
    ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
    for (const char *name : {"", ".", "..", "a/b", "a\\b", "a\nb"}) {
        expect_error(catalog().create_database(name, std::nullopt), Code::invalid_argument,
                     "invalid name");
        expect_error(catalog().rename_database("d", name, {}), Code::invalid_argument,
                     "invalid name");
        expect_error(catalog().create_retention_policy("d", spec(name)), Code::invalid_argument,
                     "invalid name");
    }
    for (const char *name : {"ü", "a b", "semi;colon", "quote'\"", "-- x", "%", "a.b"}) {
        ASSERT_TRUE(catalog().create_database(name, std::nullopt).ok()) << name;
        EXPECT_EQ(database(name).name, name);
    }
    reopen();
    EXPECT_EQ(names().size(), 8u);
}

TEST_F(SqliteCatalogTest, DropAndRename) {
    ASSERT_TRUE(catalog().create_database("a", std::nullopt).ok());
    ASSERT_TRUE(catalog().create_database("b", std::nullopt).ok());
    const uint64_t id = database("a").id;
    expect_error(catalog().rename_database("none", "x", {}), Code::not_found,
                 "database not found: none");
    expect_error(catalog().rename_database("a", "b", {}), Code::already_exists,
                 "database already exists: b");
    ASSERT_TRUE(catalog().rename_database("a", "c", {}).ok());
    EXPECT_EQ(catalog().database("a").code(), Code::not_found);
    EXPECT_EQ(database("c").id, id);
    EXPECT_TRUE(catalog().drop_database("none").ok());
    ASSERT_TRUE(catalog().drop_database("b").ok());
    reopen();
    EXPECT_EQ(names(), std::vector<std::string>{"c"});
    EXPECT_EQ(database("c").id, id);
}

TEST_F(SqliteCatalogTest, DurabilityOfADatabase) {
    RetentionPolicySpec os;
    os.database_durability = "os";
    ASSERT_TRUE(catalog().create_database("d", os).ok());
    ASSERT_TRUE(catalog().create_database("e", std::nullopt).ok());
    EXPECT_TRUE(catalog().create_database("d", os).ok());
    EXPECT_TRUE(catalog().create_database("d", RetentionPolicySpec{}).ok());
    expect_error(catalog().create_database("e", os), Code::already_exists,
                 "database already exists with another durability");
    ASSERT_TRUE(catalog().rename_database("d", "f", {}).ok());
    reopen();
    EXPECT_EQ(database("f").durability, "os");
    EXPECT_EQ(database("e").durability, "");
}

TEST_F(SqliteCatalogTest, IdsAreNeverUsedAgain) {
    std::set<uint64_t> databases;
    std::set<uint64_t> policies;
    std::set<uint64_t> groups;
    for (int round = 0; round < 4; ++round) {
        ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
        const Database made = database("d");
        EXPECT_NE(made.id, 0u);
        EXPECT_TRUE(databases.insert(made.id).second);
        EXPECT_TRUE(policies.insert(made.policies[0].id).second);
        for (int again = 0; again < 2; ++again) {
            const auto group = catalog().ensure_shard_group(made.id, made.policies[0].id, 5);
            ASSERT_TRUE(group.ok());
            EXPECT_TRUE(groups.insert(group->id).second);
            ASSERT_TRUE(catalog().remove_shard_group(made.id, made.policies[0].id, group->id).ok());
        }
        ASSERT_TRUE(catalog().drop_database("d").ok());
        if (round % 2 == 1) reopen();
    }
}

TEST_F(SqliteCatalogTest, RetentionPolicies) {
    ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
    ASSERT_TRUE(catalog().create_retention_policy("d", spec("p", 2 * kDayNs)).ok());
    EXPECT_TRUE(catalog().create_retention_policy("d", spec("p", 2 * kDayNs)).ok());
    expect_error(catalog().create_retention_policy("d", spec("p", 3 * kDayNs)),
                 Code::already_exists, "retention policy already exists");
    expect_error(catalog().create_retention_policy("x", spec("p")), Code::not_found,
                 "database not found: x");
    expect_error(catalog().create_retention_policy("d", spec("q", kHourNs - 1)),
                 Code::invalid_argument, "retention policy duration must be at least 1h0m0s");
    RetentionPolicySpec wide = spec("q", 2 * kHourNs);
    wide.shard_duration_ns = 3 * kHourNs;
    expect_error(catalog().create_retention_policy("d", wide), Code::invalid_argument,
                 "retention policy duration must be greater than the shard duration");
    RetentionPolicySpec preferred = spec("best", 30 * kDayNs);
    preferred.make_default = true;
    preferred.replica_n = 3;
    preferred.shard_duration_ns = 1;  // at least an hour
    ASSERT_TRUE(catalog().create_retention_policy("d", preferred).ok());
    reopen();
    const Database made = database("d");
    EXPECT_EQ(made.default_policy, "best");
    ASSERT_EQ(made.policies.size(), 3u);
    EXPECT_EQ(made.policies[1].name, "p");
    EXPECT_FALSE(made.policies[0].is_default);
    EXPECT_TRUE(made.policy("best")->is_default);
    EXPECT_EQ(made.policy("best")->replica_n, 3u);
    EXPECT_EQ(made.policy("best")->shard_duration_ns, kHourNs);
    EXPECT_EQ(made.policy("none"), nullptr);
}

TEST_F(SqliteCatalogTest, AlterAndDropPolicies) {
    ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
    ASSERT_TRUE(catalog().create_retention_policy("d", spec("p", 2 * kDayNs)).ok());
    RetentionPolicyChange change;
    expect_error(catalog().alter_retention_policy("x", "p", change), Code::not_found,
                 "database not found: x");
    expect_error(catalog().alter_retention_policy("d", "x", change), Code::not_found,
                 "retention policy not found: x");
    EXPECT_TRUE(catalog().alter_retention_policy("d", "p", change).ok());
    change.name = "autogen";
    expect_error(catalog().alter_retention_policy("d", "p", change), Code::already_exists,
                 "retention policy already exists");
    change.name.reset();
    change.duration_ns = 1;
    EXPECT_EQ(catalog().alter_retention_policy("d", "p", change).code(), Code::invalid_argument);
    change.duration_ns = 9 * kDayNs;
    change.replica_n = 2;
    change.make_default = true;
    const uint64_t id = database("d").policy("p")->id;
    ASSERT_TRUE(catalog().alter_retention_policy("d", "p", change).ok());
    reopen();
    EXPECT_EQ(database("d").policy("p")->id, id);
    EXPECT_EQ(database("d").policy("p")->duration_ns, 9 * kDayNs);
    EXPECT_EQ(database("d").policy("p")->shard_duration_ns, kDayNs);
    EXPECT_EQ(database("d").policy("p")->replica_n, 2u);
    EXPECT_EQ(database("d").default_policy, "p");

    EXPECT_TRUE(catalog().drop_retention_policy("x", "p").ok());
    EXPECT_TRUE(catalog().drop_retention_policy("d", "x").ok());
    ASSERT_TRUE(catalog().drop_retention_policy("d", "p").ok());
    reopen();
    EXPECT_EQ(database("d").policies.size(), 1u);
    EXPECT_EQ(database("d").default_policy, "p");  // it stays, and names none
}

TEST_F(SqliteCatalogTest, RenamedDefaultPolicyStaysTheDefault) {
    ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
    RetentionPolicyChange change;
    change.name = "renamed";
    ASSERT_TRUE(catalog().alter_retention_policy("d", "autogen", change).ok());
    EXPECT_EQ(database("d").default_policy, "renamed");
    EXPECT_TRUE(database("d").policies[0].is_default);
}

class ShardGroups : public CatalogFixture {
  protected:
    void SetUp() override {
        CatalogFixture::SetUp();
        ASSERT_TRUE(catalog().create_database("d", spec("p", 30 * kDayNs)).ok());
        db_id_ = database("d").id;
        rp_id_ = database("d").policies[0].id;
    }
    ShardGroup ensure(int64_t time_ns) {
        auto group = catalog().ensure_shard_group(db_id_, rp_id_, time_ns);
        EXPECT_TRUE(group.ok()) << group.status().text();
        return group.ok() ? *group : ShardGroup{};
    }
    std::vector<ShardGroup> all() { return *catalog().shard_groups(db_id_, rp_id_); }

    uint64_t db_id_ = 0;
    uint64_t rp_id_ = 0;
};

TEST_F(ShardGroups, AreAlignedAndGivenAgain) {
    const ShardGroup day = ensure(5 * kDayNs + 3);
    EXPECT_EQ(day.from_ns, 5 * kDayNs);
    EXPECT_EQ(day.to_ns, 6 * kDayNs);
    EXPECT_NE(day.id, 0u);
    EXPECT_EQ(ensure(5 * kDayNs).id, day.id);
    EXPECT_EQ(ensure(6 * kDayNs - 1).id, day.id);
    const ShardGroup before = ensure(5 * kDayNs - 1);
    const ShardGroup after = ensure(6 * kDayNs);
    const ShardGroup negative = ensure(-1);
    EXPECT_EQ(negative.from_ns, -kDayNs);
    const std::vector<ShardGroup> groups = all();
    ASSERT_EQ(groups.size(), 4u);
    EXPECT_EQ(groups[0].id, negative.id);
    EXPECT_EQ(groups[1].id, before.id);
    EXPECT_EQ(groups[2].id, day.id);
    EXPECT_EQ(groups[3].id, after.id);
    reopen();
    EXPECT_EQ(ensure(5 * kDayNs + 4).id, day.id);
    EXPECT_EQ(all().size(), 4u);
    EXPECT_EQ(catalog().ensure_shard_group(db_id_, rp_id_ + 1, 0).code(), Code::not_found);
    EXPECT_TRUE(catalog().shard_groups(db_id_, rp_id_ + 1)->empty());
}

TEST_F(ShardGroups, AreClippedAtTheEndsOfTime) {
    constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
    constexpr int64_t kHigh = std::numeric_limits<int64_t>::max();
    EXPECT_EQ(ensure(kLow).from_ns, kLow);
    EXPECT_EQ(ensure(kHigh).to_ns, kHigh);
    EXPECT_EQ(ensure(kHigh).id, ensure(kHigh - 1).id);  // the last group holds the last instant
    EXPECT_EQ(all().size(), 2u);
}

TEST_F(ShardGroups, OlderOnesOfAnotherDurationCutTheNewOne) {
    const ShardGroup first = ensure(10 * kDayNs);  // a day
    const ShardGroup last = ensure(13 * kDayNs);
    RetentionPolicyChange change;
    change.shard_duration_ns = 7 * kDayNs;
    ASSERT_TRUE(catalog().alter_retention_policy("d", "p", change).ok());
    EXPECT_EQ(ensure(10 * kDayNs + 5).id, first.id);
    const ShardGroup between = ensure(12 * kDayNs);
    EXPECT_EQ(between.from_ns, first.to_ns);
    EXPECT_EQ(between.to_ns, last.from_ns);
    EXPECT_EQ(ensure(11 * kDayNs).id, between.id);
    change.shard_duration_ns = kHourNs;
    ASSERT_TRUE(catalog().alter_retention_policy("d", "p", change).ok());
    EXPECT_EQ(ensure(11 * kDayNs).id, between.id);
    for (int64_t hour = -20; hour < 24 * 16; ++hour) ensure(hour * kHourNs);
    reopen();
    const std::vector<ShardGroup> groups = all();
    for (size_t i = 1; i < groups.size(); ++i) {
        ASSERT_GE(groups[i].from_ns, groups[i - 1].to_ns) << "groups overlap";
    }
}

TEST_F(ShardGroups, AreRemovedOneByOneOrWithTheirPolicy) {
    const ShardGroup first = ensure(0);
    const ShardGroup second = ensure(kDayNs);
    ASSERT_TRUE(catalog().remove_shard_group(db_id_, rp_id_, first.id).ok());
    EXPECT_TRUE(catalog().remove_shard_group(db_id_, rp_id_, first.id).ok());
    ASSERT_EQ(all().size(), 1u);
    EXPECT_EQ(all()[0].id, second.id);
    EXPECT_NE(ensure(0).id, first.id);
    ASSERT_TRUE(catalog().drop_retention_policy("d", "p").ok());
    EXPECT_TRUE(all().empty());
    reopen();
    EXPECT_TRUE(all().empty());
}

TEST_F(ShardGroups, TwoCallersGetTheSame) {
    std::vector<std::thread> threads;
    std::vector<std::set<uint64_t>> seen(4);
    for (std::set<uint64_t> &mine : seen) {
        threads.emplace_back([this, &mine] {
            for (int64_t day = 0; day < 10; ++day) mine.insert(ensure(day * kDayNs).id);
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (const std::set<uint64_t> &mine : seen) EXPECT_EQ(mine, seen[0]);
    EXPECT_EQ(all().size(), 10u);
}

}  // namespace
}  // namespace varve
