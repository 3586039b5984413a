// Copies that the continuous queries of InfluxDB 0.8 make of what is written.
#include "write/copies/copied_rows.hpp"

#include "core/write/write_fixture.hpp"

namespace varve::test {
namespace {

// "source>target" as a rule.
std::optional<CopyRule> read_rule(const std::string &text) {
    const size_t arrow = text.find('>');
    if (arrow == text.npos) return std::nullopt;
    return CopyRule{
        [source = text.substr(0, arrow)](std::string_view series) { return series == source; },
        TargetName(text.substr(arrow + 1))};
}

class CopiesTest : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        ASSERT_TRUE(catalog_.create_database("d", std::nullopt).ok());
        ASSERT_TRUE(catalog_.create_database("e", std::nullopt).ok());
        WritePath::Options options;
        options.copies = &rules_;
        make_path(options);
    }
    void copy(const std::string &rule, const std::string &database = "d") {
        ASSERT_TRUE(catalog_.create_continuous_query_08(database, rule, 0).ok());
    }
    CopyRules rules_{catalog_, read_rule};
};

TEST_F(CopiesTest, ARowAndItsCopiesAreOneWrite) {
    copy("m>c.:series_name");
    copy("m>of.[host].[w]");
    copy("no copy at all");
    const uint64_t before = write("x v=1 1").lsn;
    const Answer answer = write("m,host=a,dc=b v=1,w=2i 10\nx v=2 20\n");
    EXPECT_EQ(answer.error, "");
    EXPECT_EQ(answer.accepted, 2u);
    EXPECT_EQ(answer.lsn, before + 1);
    EXPECT_EQ(stored(), (Dump{{"c.m,dc=b,host=a", {{10, {{"v f", "1"}, {"w i", "2"}}}}},
                              {"m,dc=b,host=a", {{10, {{"v f", "1"}, {"w i", "2"}}}}},
                              {"of.a.2,dc=b", {{10, {{"v f", "1"}}}}},
                              {"x", {{1, {{"v f", "1"}}}, {20, {{"v f", "2"}}}}}}));
    EXPECT_EQ(counted("varve_write_rows_copied_total"), 2);
    EXPECT_EQ(counted("varve_write_rows_total"), 5);
}

TEST_F(CopiesTest, OfTheirOwnDatabaseAlone) {
    copy("m>c", "e");
    EXPECT_EQ(write("m v=1 10").accepted, 1u);
    EXPECT_EQ(stored(), (Dump{{"m", {{10, {{"v f", "1"}}}}}}));
    EXPECT_EQ(write("m v=1 10", "e").accepted, 1u);
    EXPECT_EQ(stored("e").size(), 2u);
    ASSERT_TRUE(catalog_.drop_continuous_query_08("e", 1).ok());
    EXPECT_EQ(rules_.of(catalog_.database("e")->id), nullptr);
}

TEST_F(CopiesTest, CopiesAreNotCopied) {
    copy("m>n");
    copy("n>o");
    write("m v=1 10");
    EXPECT_EQ(stored(), (Dump{{"m", {{10, {{"v f", "1"}}}}}, {"n", {{10, {{"v f", "1"}}}}}}));
}

TEST_F(CopiesTest, WhatIsComputedIsNotCopiedAndHasAnyType) {
    copy("m>n");
    write("m v=1 10");
    std::promise<std::string> promise;
    auto error = promise.get_future();
    path_->submit_computed(
        batch_of("m v=2i 10"), request_for("d"),
        [](void *ctx, const varve_write_outcome *outcome) {
            static_cast<std::promise<std::string> *>(ctx)->set_value(
                std::string(view(outcome->error)));
        },
        &promise);
    EXPECT_EQ(error.get(), "");
    EXPECT_EQ(stored(),
              (Dump{{"m", {{10, {{"v f", "1"}, {"v i", "2"}}}}}, {"n", {{10, {{"v f", "1"}}}}}}));
}

TEST_F(CopiesTest, RowsThatAreNotStoredAreNotCopied) {
    copy("m>n");
    const Answer answer = write("m,time=x v=1 10\nm v=2 20\n");
    EXPECT_EQ(answer.accepted, 1u);
    EXPECT_EQ(answer.dropped, 1u);
    EXPECT_EQ(stored(), (Dump{{"m", {{20, {{"v f", "2"}}}}}, {"n", {{20, {{"v f", "2"}}}}}}));
}

// The sender's rows are stored and that is what he is told; the copies are listed.
TEST_F(CopiesTest, RejectedCopiesAreNotTheSendersFault) {
    copy("m>n");
    write("n v=1i 1");
    const Answer answer = write("m v=2 10\nm v=3 20\n");
    EXPECT_EQ(answer.code, Code::ok);
    EXPECT_EQ(answer.error, "");
    EXPECT_EQ(answer.accepted, 2u);
    EXPECT_EQ(answer.dropped, 0u);
    EXPECT_EQ(stored()["m"].size(), 2u);
    ASSERT_EQ(rejects_.last().size(), 2u);
    EXPECT_EQ(rejects_.last()[0].reason, "type_conflict");
    EXPECT_EQ(counted("varve_write_rows_copied_total"), 0);
    // His own are told of.
    const Answer both = write("m v=4i 30\nm v=5 40\n");
    EXPECT_EQ(both.accepted, 1u);
    EXPECT_EQ(both.dropped, 1u);
    EXPECT_EQ(both.error,
              "partial write: field type conflict: input field \"v\" on measurement \"m\" is type "
              "integer, already exists as type float dropped=1");
}

TEST_F(CopiesTest, NamesThatNoSeriesCanHave) {
    copy("m>[t]");
    EXPECT_EQ(write("m v=1 10\nm,t=n v=2 20\nm v=3 30\n").error, "");
    EXPECT_EQ(stored()["n"].size(), 1u);
    EXPECT_EQ(rejects_.last().front().reason, "copy");
    EXPECT_EQ(rejects_.last().front().error, "a measurement or tag key is empty");
    EXPECT_EQ(counted("varve_write_rejected_total", {{"reason", "copy"}}), 2);
}

TEST_F(CopiesTest, TheirSizeHasALimit) {
    const std::string text(1000, 'x');
    varve_batch *batch = batch_of("m s=\"" + text + "\" 10\nm s=\"" + text + "\" 20\n");
    CopyRules::List rules{*read_rule("m>a"), *read_rule("m>b")};
    const auto refused = copy_rows(batch, rules, 3000);
    EXPECT_EQ(refused.code(), Code::resource_exhausted);
    EXPECT_EQ(refused.status().text(),
              "continuous queries make more than 3000 bytes of copies of one write");
    const auto copied = copy_rows(batch, rules, 6000);
    ASSERT_TRUE(copied.ok());
    EXPECT_EQ(copied->rows, 4u);
    EXPECT_EQ(copied->batch->row_count, 6u);
    copied->batch->release(copied->batch);
}

TEST(TargetName, PlaceholdersAreInTheTextOnly) {
    const TargetName target(":series_name.[a]-[b].:series_name[");
    EXPECT_EQ(target.columns(), (std::vector<std::string>{"a", "b"}));
    const std::vector<std::string> values{":series_name", "2"};
    EXPECT_EQ(target.name("x[b]", values), "x[b].:series_name-2.x[b][");
    EXPECT_EQ(TargetName("plain").name("x", {}), "plain");
}

}  // namespace
}  // namespace varve::test
