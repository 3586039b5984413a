// The input over real sockets, with a host that records what is written.
#include "inputs/udp/udp_input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_host.hpp"
#include "support/sockets.hpp"

namespace varve {
namespace {

using test::Client;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class UdpInputTest : public testing::Test {
  protected:
    UdpInputTest() : host_(Env::posix(), "/nowhere") {
        host_.use_defaults(UdpInput::descriptor());
        host_.set("bind_address", std::string("127.0.0.1:0"));
        host_.set("batch_timeout", int64_t{5'000'000});
    }

    void start() {
        input_ = std::make_unique<UdpInput>(host_.host());
        const Status status = input_->start();
        ASSERT_TRUE(status.ok()) << status.text();
        client_ = std::make_unique<Client>(SOCK_DGRAM, test::port_of(input_->addresses(), "udp"));
        ASSERT_TRUE(client_->is_connected());
    }
    std::string start_error() { return UdpInput(host_.host()).start().text(); }

    test::FakeHost host_;
    std::unique_ptr<UdpInput> input_;
    std::unique_ptr<Client> client_;
};

TEST_F(UdpInputTest, WritesWhatADatagramHolds) {
    start();
    EXPECT_THAT(input_->addresses(), testing::StartsWith("udp://127.0.0.1:"));
    ASSERT_TRUE(client_->send("cpu,host=a v=1i 10\n# comment\ncpu,host=b v=2i 20"));
    ASSERT_TRUE(host_.writes().wait_for_rows(2));
    input_->stop();
    EXPECT_THAT(host_.writes().rows(), ElementsAre("cpu,host=a|v=i:1|10", "cpu,host=b|v=i:2|20"));
    const test::RecordedWrite write = host_.writes().all().front();
    EXPECT_EQ(write.database, "udp");
    EXPECT_EQ(write.retention_policy, "");
    EXPECT_TRUE(write.create_database);
    EXPECT_EQ(write.durability, VARVE_DURABILITY_INTERVAL);
    EXPECT_EQ(write.interval_ns, 100'000'000);
    EXPECT_EQ(host_.metric("varve_udp_datagrams_total"), 1);
    EXPECT_EQ(host_.metric("varve_udp_bytes_total"), 47);
    EXPECT_EQ(host_.metric("varve_udp_rows_total"), 2);
}

TEST_F(UdpInputTest, OneBadLineDropsItsDatagramOnly) {
    host_.set("batch_timeout", int64_t{3'600'000'000'000});
    start();
    ASSERT_TRUE(client_->send("a v=1 1\nb v=2 2"));
    ASSERT_TRUE(client_->send("good v=1\nbad\nalso v=2"));
    ASSERT_TRUE(client_->send("c v=3 3"));
    input_->stop();
    ASSERT_EQ(host_.writes().all().size(), 1u);
    EXPECT_EQ(host_.writes().rows().size(), 3u);
    EXPECT_THAT(host_.writes().bad_rows(),
                ElementsAre(Pair("good v=1", "dropped with its datagram: missing fields"),
                            Pair("bad", "missing fields"),
                            Pair("also v=2", "dropped with its datagram: missing fields")));
    EXPECT_EQ(host_.metric("varve_udp_bad_datagrams_total"), 1);
    EXPECT_EQ(host_.metric("varve_udp_bad_rows_total"), 3);
}

TEST_F(UdpInputTest, NothingButBadRowsIsReportedToo) {
    start();
    ASSERT_TRUE(client_->send("bad"));
    ASSERT_TRUE(host_.writes().wait_for_bad_rows(1));
    input_->stop();
    EXPECT_TRUE(host_.writes().rows().empty());
}

TEST_F(UdpInputTest, AnOpenQuoteDoesNotReachIntoTheNextDatagram) {
    host_.set("batch_timeout", int64_t{3'600'000'000'000});
    start();
    ASSERT_TRUE(client_->send("a v=1i 1"));
    ASSERT_TRUE(client_->send("b v=\"open"));
    ASSERT_TRUE(client_->send("c v=\"x\" 3"));
    ASSERT_TRUE(client_->send("d v=\"closed\nover two lines\" 4"));
    input_->stop();
    EXPECT_THAT(host_.writes().rows(),
                ElementsAre("a|v=i:1|1", "c|v=s:x|3", "d|v=s:closed\nover two lines|4"));
    EXPECT_THAT(host_.writes().bad_rows(), ElementsAre(Pair("b v=\"open", "unbalanced quotes")));
}

TEST_F(UdpInputTest, ThousandsOfBadLinesAreFoundAndCounted) {
    host_.set("batch_timeout", int64_t{3'600'000'000'000});
    host_.set("batch_size", int64_t{1'000'000});
    start();
    std::string bad;
    for (int i = 0; i < 2500; ++i) bad += "bad\n";
    ASSERT_TRUE(client_->send(bad));
    ASSERT_TRUE(client_->send("good v=1 1"));
    ASSERT_TRUE(client_->send("worse"));
    input_->stop();
    EXPECT_EQ(host_.writes().rows().size(), 1u);
    EXPECT_EQ(host_.writes().bad_rows().size(), BadRows::kListedMax);
    EXPECT_EQ(host_.metric("varve_udp_bad_rows_total"), 2501);
    EXPECT_EQ(host_.metric("varve_udp_bad_datagrams_total"), 2);
}

TEST_F(UdpInputTest, LinesWithoutATimestampGetTheirDatagramsOwn) {
    host_.set("batch_timeout", int64_t{3'600'000'000'000});
    const int64_t before = host_.host().now_ns();
    start();
    ASSERT_TRUE(client_->send("m v=1i"));
    ASSERT_TRUE(client_->send("m v=2i"));
    input_->stop();
    const std::vector<std::string> rows = host_.writes().rows();
    ASSERT_EQ(rows.size(), 2u);
    const int64_t first = std::stoll(rows[0].substr(rows[0].rfind('|') + 1));
    const int64_t second = std::stoll(rows[1].substr(rows[1].rfind('|') + 1));
    EXPECT_GE(first, before);
    EXPECT_LT(first, second);
}

TEST_F(UdpInputTest, PrecisionOfTimestamps) {
    host_.set("precision", std::string("ms"));
    start();
    ASSERT_TRUE(client_->send("m v=1i 7"));
    ASSERT_TRUE(host_.writes().wait_for_rows(1));
    EXPECT_THAT(host_.writes().rows(), ElementsAre("m|v=i:1|7000000"));
}

TEST_F(UdpInputTest, ABatchIsDueBySize) {
    host_.set("batch_timeout", int64_t{3'600'000'000'000});
    host_.set("batch_size", int64_t{3});
    start();
    ASSERT_TRUE(client_->send("m v=1i 1\nm v=2i 2"));
    ASSERT_TRUE(client_->send("m v=3i 3"));
    ASSERT_TRUE(host_.writes().wait_for_rows(3));
    EXPECT_EQ(host_.writes().all().size(), 1u);
}

TEST_F(UdpInputTest, BeyondBatchPendingRowsAreDroppedAndCounted) {
    host_.set("batch_size", int64_t{1});
    host_.set("batch_pending", int64_t{2});
    host_.writes().hold(true);
    start();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(client_->send("m v=1i " + std::to_string(i)));
    ASSERT_TRUE(host_.writes().wait_for_writes(2));
    std::thread stopper([&] { input_->stop(); });
    // The two that are under way keep stop() waiting; the other three were dropped.
    while (host_.metric("varve_udp_dropped_rows_total") < 3) std::this_thread::yield();
    host_.writes().hold(false);
    stopper.join();
    EXPECT_EQ(host_.writes().rows().size(), 2u);
    EXPECT_EQ(host_.metric("varve_udp_rows_total"), 2);
}

TEST_F(UdpInputTest, AFailedBatchIsLoggedAndCounted) {
    host_.writes().set_outcome(VARVE_UNAVAILABLE, "storage is away");
    start();
    ASSERT_TRUE(client_->send("m v=1i 1"));
    ASSERT_TRUE(host_.writes().wait_for_rows(1));
    input_->stop();
    EXPECT_EQ(host_.metric("varve_udp_failed_batches_total"), 1);
    ASSERT_FALSE(host_.log_lines().empty());
    EXPECT_THAT(host_.log_lines().back(), HasSubstr("error=storage is away"));
}

TEST_F(UdpInputTest, StopTakesWhatHasArrivedAndIsIdempotent) {
    host_.set("batch_timeout", int64_t{3'600'000'000'000});
    start();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(client_->send("m v=1i " + std::to_string(i)));
    input_->stop();
    input_->stop();
    EXPECT_EQ(host_.writes().rows().size(), 100u);
}

TEST_F(UdpInputTest, StartsAgainAfterStop) {
    start();
    input_->stop();
    ASSERT_TRUE(input_->start().ok());
    const Client client(SOCK_DGRAM, test::port_of(input_->addresses(), "udp"));
    ASSERT_TRUE(client.send("m v=1i 1"));
    EXPECT_TRUE(host_.writes().wait_for_rows(1));
}

TEST_F(UdpInputTest, RefusesBadConfigurationClearly) {
    host_.set("precision", std::string("d"));
    EXPECT_EQ(start_error(), "invalid precision \"d\" (use n, u, ms, s, m or h)");
    host_.set("precision", std::string("s"));
    host_.set("durability", std::string("interval=0s"));
    EXPECT_EQ(start_error(),
              "durability \"interval=0s\" is none of always, interval=<duration>, os");
    host_.set("durability", std::string("os"));
    host_.set("batch_size", int64_t{0});
    EXPECT_EQ(start_error(), "batch_size must be above 0");
    host_.set("batch_size", int64_t{1});
    host_.set("database", std::string());
    EXPECT_EQ(start_error(), "database must not be empty");
    host_.set("database", std::string("x"));
    host_.set("bind_address", std::string("127.0.0.1"));
    EXPECT_EQ(start_error(), "bind_address \"127.0.0.1\" has no port; expected host:port");
    host_.set("bind_address", std::string("127.0.0.1:70000"));
    EXPECT_THAT(start_error(), HasSubstr("has no port from 0 to 65535"));
    host_.set("bind_address", std::string("::1:80"));
    EXPECT_THAT(start_error(), HasSubstr("has an IPv6 address without brackets"));
}

TEST_F(UdpInputTest, ATakenPortIsAClearError) {
    start();
    const uint16_t port = test::port_of(input_->addresses(), "udp");
    host_.set("bind_address", "127.0.0.1:" + std::to_string(port));
    EXPECT_EQ(start_error(),
              "cannot bind udp 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST_F(UdpInputTest, WarnsWhenTheSystemGivesLessBuffer) {
    host_.set("read_buffer", int64_t{1} << 40);
    start();
    EXPECT_THAT(host_.log_lines(), testing::Contains(HasSubstr("raise net.core.rmem_max")));
}

TEST(ParseDurability, ReadsTheFormsOfTheConfiguration) {
    EXPECT_EQ(parse_durability("")->policy, uint32_t{VARVE_DURABILITY_DEFAULT});
    EXPECT_EQ(parse_durability("always")->policy, uint32_t{VARVE_DURABILITY_ALWAYS});
    EXPECT_EQ(parse_durability("os")->policy, uint32_t{VARVE_DURABILITY_OS});
    EXPECT_EQ(parse_durability("interval=1s500ms")->interval_ns, 1'500'000'000);
    EXPECT_EQ(parse_durability("interval=20\xc2\xb5s")->interval_ns, 20'000);
    for (const char *bad : {"interval=", "interval=5", "interval=-1s", "interval=9999999999h",
                            "interval=1x", "sometimes", "interval=99999999999999999999s"}) {
        EXPECT_FALSE(parse_durability(bad).ok()) << bad;
    }
}

}  // namespace
}  // namespace varve
