// Writes by InfluxDB 0.8's rules: a policy, a privilege and an identity for each series.
#include "core/write/write_fixture.hpp"
#include "support/memory_users.hpp"

namespace varve::test {
namespace {

class SpacesTest : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        ASSERT_TRUE(catalog_.create_database("s", std::nullopt).ok());
        RetentionPolicySpec spec;
        spec.name = "short";
        spec.duration_ns = 2 * kHourNs;
        ASSERT_TRUE(catalog_.create_retention_policy("s", spec).ok());
        ASSERT_TRUE(catalog_.set_space("s", "short", *NamePattern::parse("^tmp")).ok());
        now_ns_ = Env::posix().now_ns();
    }

    static varve_write_request request() {
        varve_write_request out = request_for("s");
        out.rules = VARVE_WRITE_RULES_08;
        return out;
    }
    Answer write_series(const std::string &lines) { return submit(batch_of(lines), request()); }
    Dump stored_in(std::string_view policy) {
        const Database database = *catalog_.database("s");
        return stored(database.id, database.policy(policy)->id);
    }
    static void expect(const Answer &answer, Code code, const std::string &error,
                       uint64_t accepted) {
        EXPECT_EQ(answer.code, code);
        EXPECT_EQ(answer.error, error);
        EXPECT_EQ(answer.accepted, accepted);
    }

    int64_t now_ns_ = 0;
};

TEST_F(SpacesTest, EachSeriesGoesToItsPolicy) {
    const std::string at = ' ' + std::to_string(now_ns_) + '\n';
    const Answer answer = write_series("cpu v=1i" + at + "tmp1 v=2i" + at + "mem v=3i" + at);
    expect(answer, Code::ok, "", 3);
    EXPECT_GT(answer.lsn, 0u);
    EXPECT_EQ(stored_in("short").size(), 1u);
    EXPECT_EQ(stored_in("short").count("tmp1"), 1u);
    EXPECT_EQ(stored_in("autogen").size(), 2u);
    expect(write_series("cpu v=1i" + at), Code::ok, "", 1);
}

TEST_F(SpacesTest, WhatIsTooOldVanishesWithoutAWord) {
    const std::string now = ' ' + std::to_string(now_ns_) + '\n';
    const Answer answer = write_series("tmp v=1i 1\ntmp v=2i" + now + "cpu v=3i 1\n");
    expect(answer, Code::ok, "", 2);
    EXPECT_EQ(answer.dropped, 1u);
    // InfluxDB 1.x says it.
    EXPECT_EQ(submit(batch_of("tmp v=1i 1\n"), request_for("s", "short")).error,
              "partial write: points beyond retention policy dropped=1");
}

TEST_F(SpacesTest, TypesStandSideBySideAndNumbersTellPointsApart) {
    expect(write_series("m v=1i,sequence_number=7i 1000007\n"), Code::ok, "", 1);
    expect(write_series("m v=1.5,sequence_number=8i 1000008\n"), Code::ok, "", 1);
    expect(write_series("m w=2i,sequence_number=7i 1000007\n"), Code::ok, "", 1);
    expect(write_series("m v=3i,sequence_number=1007i 1000007\nn v=1i,sequence_number=1i 1\n"),
           Code::ok,
           "partial write: another point with this time and another sequence number exists in "
           "\"m\" dropped=1",
           1);
    const Dump dump = stored_in("autogen");
    const Dump wanted = {{"m",
                          {{1000007, {{"sequence_number i", "7"}, {"v i", "1"}, {"w i", "2"}}},
                           {1000008, {{"sequence_number i", "8"}, {"v f", "1.5"}}}}},
                         {"n", {{1, {{"sequence_number i", "1"}, {"v i", "1"}}}}}};
    EXPECT_EQ(dump, wanted);
}

TEST_F(SpacesTest, ClashesComeBackToWhoAsksForThem) {
    ASSERT_EQ(write_series("m v=1i,sequence_number=1i 1000001\n").accepted, 1u);
    varve_write_request asking = request();
    asking.returns_clashes = 1;
    const std::string at = ' ' + std::to_string(now_ns_) + '\n';
    const std::string body =
        "m v=2i,sequence_number=2i 1000002\n"
        "m v=3i,sequence_number=1001i 1000001\n"
        "tmp v=4i,sequence_number=1i" +
        at;
    std::vector<uint32_t> clashes;
    Answer answer;
    const auto keep = [&](const varve_write_outcome *outcome) {
        answer.accepted = outcome->accepted;
        answer.dropped = outcome->dropped;
        answer.error = view(outcome->error);
        clashes.assign(outcome->clashes, outcome->clashes + outcome->clash_count);
    };
    using Keep = decltype(keep);
    path_->submit(
        batch_of(body), asking,
        [](void *ctx, const varve_write_outcome *outcome) { (*static_cast<Keep *>(ctx))(outcome); },
        const_cast<void *>(static_cast<const void *>(&keep)));
    EXPECT_EQ(clashes, std::vector<uint32_t>{1});
    EXPECT_EQ(answer.accepted, 2u);
    EXPECT_EQ(answer.dropped, 0u);
    EXPECT_EQ(answer.error, "");
    EXPECT_TRUE(rejects_.last().empty());
}

TEST_F(SpacesTest, RefusalsInTheWordsOf08) {
    MemoryUsers users(catalog_);
    auth::Accounts accounts(users, Env::posix(), {true, {8, 1}});
    DatabaseUser bob{"s", "bob", "h", false, NamePattern(), *NamePattern::parse("^a")};
    ASSERT_TRUE(accounts.put_database_user(bob, std::nullopt).ok());
    WritePath::Options options;
    options.accounts = &accounts;
    make_path(options);
    varve_write_request as_bob = request();
    const std::string principal = auth::principal_of("s", "bob");
    as_bob.principal = str(principal);
    expect(submit(batch_of("a v=1i 1\n"), as_bob), Code::ok, "", 1);
    // Nothing of a batch is written in which one series is forbidden.
    expect(submit(batch_of("a1 v=1i 1\nb v=1i 1\n"), as_bob), Code::permission_denied,
           "User bob doesn't have write permissions for b", 0);
    EXPECT_EQ(stored_in("autogen").size(), 1u);
    EXPECT_TRUE(path_->check(as_bob).ok());
    as_bob.database = str("none");
    expect(submit(batch_of("a v=1i 1\n"), as_bob), Code::not_found, "Database none doesn't exist",
           0);
    EXPECT_EQ(path_->check(as_bob).text(), "Database none doesn't exist");
}

}  // namespace
}  // namespace varve::test
