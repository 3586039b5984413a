// Shard groups go when their policy no longer keeps them, from storage and from the catalog.
#include "write/retention.hpp"

#include "core/write/write_fixture.hpp"

namespace varve::test {
namespace {

class NobodysOwnership final : public Ownership {
  public:
    bool is_mine(const char *) const override { return false; }
};

class Retention : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        RetentionPolicySpec spec;
        spec.name = "hour";
        spec.duration_ns = kHourNs;
        ASSERT_TRUE(catalog_.create_database("d", spec).ok());
        ASSERT_TRUE(catalog_.create_retention_policy("d", {}).ok());
        now_ns_ = Env::posix().now_ns();
        first_ns_ = now_ns_ - now_ns_ % kHourNs;
        const std::string time = std::to_string(now_ns_);
        ASSERT_EQ(write("m v=1 " + time).accepted, 1u);
        ASSERT_EQ(write("m v=1 " + time, "d", "autogen").accepted, 1u);
    }
    Status drop(int64_t now_ns, const Ownership &ownership = SingleNodeOwnership()) {
        const StorageHandle storage{engine_.client().instance(), &engine_.client().table()};
        uint64_t dropped = 0;
        return drop_expired_shards(catalog_, storage, ownership, now_ns, log_, dropped);
    }

    int64_t now_ns_ = 0;
    int64_t first_ns_ = 0;  // of the shard group
    std::vector<std::string> lines_;
    Log log_{[this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(Retention, DropsAGroupOnceItsLastInstantIsTooOld) {
    const Database database = *catalog_.database("d");
    const uint64_t kept = database.policy("autogen")->id;
    const uint64_t hour = database.policy("hour")->id;
    ASSERT_TRUE(drop(first_ns_ + 2 * kHourNs - 1).ok());
    EXPECT_EQ(stored().size(), 1u);
    EXPECT_TRUE(lines_.empty());
    ASSERT_TRUE(drop(first_ns_ + 2 * kHourNs, NobodysOwnership()).ok());
    EXPECT_EQ(stored().size(), 1u);
    ASSERT_TRUE(drop(first_ns_ + 2 * kHourNs).ok());
    EXPECT_TRUE(stored().empty());
    EXPECT_TRUE(catalog_.shard_groups(database.id, hour)->empty());
    ASSERT_EQ(lines_.size(), 1u);
    EXPECT_NE(lines_[0].find("msg=\"an expired shard was dropped\" database=d policy=hour"),
              std::string::npos);
    // A policy without an end keeps everything.
    EXPECT_EQ(stored(database.id, kept).size(), 1u);
    EXPECT_EQ(catalog_.shard_groups(database.id, kept)->size(), 1u);
}

TEST_F(Retention, WritesGoOnAfterADrop) {
    ASSERT_TRUE(drop(first_ns_ + 2 * kHourNs).ok());
    EXPECT_EQ(write("m v=2 " + std::to_string(now_ns_)).accepted, 1u);
    EXPECT_EQ(stored().at("m").at(now_ns_).at("v f"), "2");
}

}  // namespace
}  // namespace varve::test
