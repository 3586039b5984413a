// Copies of writes: their text, and who gets which.
#include "write/subscriptions/subscriptions.hpp"

#include <condition_variable>

#include "core/write/write_fixture.hpp"

namespace varve::test {
namespace {

TEST(LineText, RowsComeInTheOrderOfTheRequest) {
    auto body = std::make_shared<std::string>(
        "a\\ b,t=x\\,y v=1.5,n=-3i 10\nm b=f 20\na\\ b,t=z v=2,n=4i 30\nm s=\"q\\\"\\\\\n\" 40\n"
        "m f\\ 1=1e300,big=9007199254740993i 50\n");
    line_protocol::Options options;
    auto parsed = line_protocol::parse(*body, options);
    parsed.batch.on_release([body] {});
    varve_batch *batch = parsed.batch.finish(0, 1);
    const LineText lines = to_line_text(*batch);
    batch->release(batch);
    EXPECT_EQ(lines.text,
              "a\\ b,t=x\\,y v=1.5,n=-3i 10\nm b=false 20\na\\ b,t=z v=2,n=4i 30\n"
              "m s=\"q\\\"\\\\\n\" 40\nm f\\ 1=1e+300,big=9007199254740993i 50\n");
    ASSERT_EQ(lines.ends.size(), 5u);
    EXPECT_EQ(lines.line(1), "m b=false 20");
    EXPECT_EQ(lines.line(3), "m s=\"q\\\"\\\\\n\" 40");
}

TEST(LineText, LeavesOutWhatIsNotKept) {
    auto body = std::make_shared<std::string>("m v=1 1\nm v=2 2\nm v=3 3\n");
    line_protocol::Options options;
    auto parsed = line_protocol::parse(*body, options);
    varve_batch *batch = parsed.batch.finish(0, 1);
    const uint64_t keep = 0b101;
    varve_table table = *batch->tables[0];
    table.keep = &keep;
    const varve_table *const tables[] = {&table};
    varve_batch partial = *batch;
    partial.tables = tables;
    EXPECT_EQ(to_line_text(partial).text, "m v=1 1\nm v=3 3\n");
    batch->release(batch);
}

TEST(Sender, UrlsAreShownWithoutCredentials) {
    EXPECT_EQ(without_credentials("http://u:p@h:1/x?a=@"), "http://h:1/x?a=@");
    EXPECT_EQ(without_credentials("udp://h:1"), "udp://h:1");
    EXPECT_EQ(without_credentials("http://h:1/a@b"), "http://h:1/a@b");
}

// What every destination got; some fail, some can be held.
class Mailbox {
  public:
    Status put(const std::string &url, const std::string &text) {
        std::unique_lock lock(mutex_);
        ++calls_[url];
        changed_.notify_all();
        changed_.wait(lock, [&] { return !held_.contains(url); });
        if (failing_.contains(url)) return {Code::unavailable, "no"};
        got_[url] += text;
        changed_.notify_all();
        return {};
    }
    std::string wait_for(const std::string &url, const std::string &text) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return got_[url] == text; });
        return got_[url];
    }
    void wait_for_call(const std::string &url) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return calls_[url] != 0; });
    }
    void fail(const std::string &url) {
        const std::scoped_lock lock(mutex_);
        failing_.insert(url);
    }
    void hold(const std::string &url, bool held) {
        const std::scoped_lock lock(mutex_);
        if (held) {
            held_.insert(url);
        } else {
            held_.erase(url);
        }
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::string> got_;
    std::map<std::string, int> calls_;
    std::set<std::string> failing_;
    std::set<std::string> held_;
};

class MailSender final : public Sender {
  public:
    MailSender(Mailbox &mailbox, std::string url) : mailbox_(mailbox), url_(std::move(url)) {}
    Status send(const LineText &lines, const std::string &database, const std::string &) override {
        return mailbox_.put(url_, (database == "d" ? "" : database + ": ") + lines.text);
    }

  private:
    Mailbox &mailbox_;
    const std::string url_;
};

class SubscriptionsTest : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        ASSERT_TRUE(catalog_.create_database("d", std::nullopt).ok());
        publisher_.subscribe(
            "subscriptions", 100,
            [this](const Published &published) {
                subscriptions_.consume(published);
                return Status();
            },
            [this] { return subscriptions_.is_wanted(); });
    }
    void TearDown() override { publisher_.stop(1'000'000'000); }

    void create(const std::string &name, bool to_all, std::vector<std::string> urls) {
        ASSERT_TRUE(
            catalog_.create_subscription({0, "d", "autogen", name, to_all, std::move(urls)}).ok());
    }
    void write_row(int time) { ASSERT_EQ(write("m v=1 " + std::to_string(time)).accepted, 1u); }
    static std::string row(int time) { return "m v=1 " + std::to_string(time) + "\n"; }

    Mailbox mailbox_;
    Log log_{[](std::string_view) {}};
    Subscriptions subscriptions_{
        catalog_,
        [this](const std::string &url) -> Result<std::unique_ptr<Sender>> {
            if (url == "http://bad:1") return Status(Code::invalid_argument, "bad");
            return std::unique_ptr<Sender>(std::make_unique<MailSender>(mailbox_, url));
        },
        2, log_, metrics_};
};

TEST_F(SubscriptionsTest, AllAndAnyAndDrop) {
    write_row(0);  // nobody wants it
    create("all", true, {"udp://a:1", "udp://b:1", "http://bad:1"});
    create("any", false, {"udp://c:1", "udp://d:1"});
    write_row(1);
    EXPECT_EQ(mailbox_.wait_for("udp://c:1", row(1)), row(1));
    write_row(2);
    EXPECT_EQ(mailbox_.wait_for("udp://d:1", row(2)), row(2));
    for (const char *url : {"udp://a:1", "udp://b:1"}) {
        EXPECT_EQ(mailbox_.wait_for(url, row(1) + row(2)), row(1) + row(2));
    }
    EXPECT_EQ(counted("varve_subscriber_create_failures_total"), 1);
    ASSERT_TRUE(catalog_.drop_subscription("d", "autogen", "all").ok());
    write_row(3);
    EXPECT_EQ(mailbox_.wait_for("udp://c:1", row(1) + row(3)), row(1) + row(3));
    EXPECT_EQ(mailbox_.wait_for("udp://a:1", row(1) + row(2)), row(1) + row(2));
}

TEST_F(SubscriptionsTest, AnyPassesOnWhatFails) {
    create("any", false, {"udp://a:1", "udp://b:1", "udp://c:1"});
    mailbox_.fail("udp://a:1");
    mailbox_.fail("udp://b:1");
    write_row(1);
    EXPECT_EQ(mailbox_.wait_for("udp://c:1", row(1)), row(1));
}

TEST_F(SubscriptionsTest, AFullQueueDropsAndCounts) {
    create("all", true, {"udp://slow:1", "udp://fast:1"});
    mailbox_.hold("udp://slow:1", true);
    write_row(1);
    mailbox_.wait_for_call("udp://slow:1");
    std::string all = row(1);
    for (int time = 2; time <= 6; ++time) {
        write_row(time);
        all += row(time);
        ASSERT_EQ(mailbox_.wait_for("udp://fast:1", all), all);
    }
    const MetricLabels labels{{"database", "d"},
                              {"retention_policy", "autogen"},
                              {"name", "all"},
                              {"mode", "ALL"},
                              {"destination", "udp://slow:1"}};
    mailbox_.hold("udp://slow:1", false);
    EXPECT_EQ(mailbox_.wait_for("udp://slow:1", row(1) + row(2) + row(3)),
              row(1) + row(2) + row(3));
    EXPECT_EQ(counted("varve_subscriber_dropped_total", labels), 3);
}

TEST_F(SubscriptionsTest, WhatWaitsForADroppedOneIsNotSent) {
    create("all", true, {"udp://slow:1"});
    mailbox_.hold("udp://slow:1", true);
    write_row(1);
    mailbox_.wait_for_call("udp://slow:1");
    write_row(2);
    ASSERT_TRUE(catalog_.drop_subscription("d", "autogen", "all").ok());
    mailbox_.hold("udp://slow:1", false);
    EXPECT_EQ(mailbox_.wait_for("udp://slow:1", row(1)), row(1));
    publisher_.stop(1'000'000'000);
    subscriptions_.stop();
    EXPECT_EQ(mailbox_.wait_for("udp://slow:1", row(1)), row(1));
}

TEST_F(SubscriptionsTest, FollowTheirDatabasesName) {
    create("all", true, {"udp://a:1", "udp://b:1"});
    mailbox_.hold("udp://a:1", true);
    write_row(1);
    mailbox_.wait_for_call("udp://a:1");
    write_row(2);  // waits, under the old name
    EXPECT_EQ(mailbox_.wait_for("udp://b:1", row(1) + row(2)), row(1) + row(2));
    ASSERT_TRUE(catalog_.rename_database("d", "e", {}).ok());
    ASSERT_EQ(write("m v=1 3", "e").accepted, 1u);
    mailbox_.hold("udp://a:1", false);
    const std::string all = row(1) + row(2) + "e: " + row(3);
    EXPECT_EQ(mailbox_.wait_for("udp://a:1", all), all);
    publisher_.stop(1'000'000'000);
    subscriptions_.stop();
    const auto tags = destination_tags(catalog_.subscriptions()->front(), "udp://a:1");
    EXPECT_EQ(tags.at("database"), "e");
    EXPECT_GE(counted("varve_subscriber_points_written_total", {tags.begin(), tags.end()}), 1);
}

}  // namespace
}  // namespace varve::test
