// The input over real sockets, with a host that records what is written.
#include "inputs/graphite/graphite_input.hpp"

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
using testing::UnorderedElementsAre;

constexpr int64_t kNever_ns = 3'600'000'000'000;

class GraphiteInputTest : public testing::Test {
  protected:
    GraphiteInputTest() : host_(Env::posix(), "/nowhere") {
        host_.use_defaults(GraphiteInput::descriptor());
        host_.set("bind_address", std::string("127.0.0.1:0"));
        host_.set("batch_timeout", int64_t{5'000'000});
    }

    void start() {
        input_ = std::make_unique<GraphiteInput>(host_.host());
        const Status status = input_->start();
        ASSERT_TRUE(status.ok()) << status.text();
    }
    uint16_t port(const char *scheme) const { return test::port_of(input_->addresses(), scheme); }
    std::string start_error() { return GraphiteInput(host_.host()).start().text(); }
    // Waits until a metric has reached the value.
    void wait_for_metric(const char *name, double value) {
        while (host_.metric(name) < value) std::this_thread::yield();
    }
    // "key|time" of each row.
    std::vector<std::string> rows() {
        std::vector<std::string> made;
        for (const std::string &row : host_.writes().rows()) {
            made.push_back(row.substr(0, row.find('|')) + row.substr(row.rfind('|')));
        }
        return made;
    }

    test::FakeHost host_;
    std::unique_ptr<GraphiteInput> input_;
};

TEST_F(GraphiteInputTest, TakesLinesOverTcpAndUdp) {
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    const Client udp(SOCK_DGRAM, port("udp"));
    ASSERT_TRUE(tcp.send("a.b 1 10\nc 2 20\n"));
    ASSERT_TRUE(udp.send("d 3 30\ne 4 40"));
    ASSERT_TRUE(host_.writes().wait_for_rows(4));
    input_->stop();
    EXPECT_THAT(rows(), UnorderedElementsAre("a.b|10000000000", "c|20000000000", "d|30000000000",
                                             "e|40000000000"));
    const test::RecordedWrite write = host_.writes().all().front();
    EXPECT_EQ(write.database, "graphite");
    EXPECT_TRUE(write.create_database);
    EXPECT_EQ(write.durability, VARVE_DURABILITY_INTERVAL);
    EXPECT_EQ(write.interval_ns, 100'000'000);
    EXPECT_EQ(host_.metric("varve_graphite_datagrams_total"), 1);
    EXPECT_EQ(host_.metric("varve_graphite_bytes_total"), 29);
    EXPECT_EQ(host_.metric("varve_graphite_connections_total"), 1);
    EXPECT_EQ(tcp.read_to_end(), 0u);  // never an answer
}

TEST_F(GraphiteInputTest, TemplatesTagsAndSeparatorFromTheConfiguration) {
    host_.set("templates", std::vector<std::string>{"host.measurement.field*"});
    host_.set("tags", std::vector<std::string>{"dc=x"});
    host_.set("separator", std::string("_"));
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    ASSERT_TRUE(tcp.send("h1.cpu.idle.value 1 1\n"));
    ASSERT_TRUE(host_.writes().wait_for_rows(1));
    EXPECT_THAT(host_.writes().rows(),
                ElementsAre("cpu,dc=x,host=h1|idle_value=f:1/3ff0000000000000|1000000000"));
}

TEST_F(GraphiteInputTest, LinesMayArriveByteByByte) {
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    const std::string text = "first.metric 1 1\nsecond 2 2\n";
    for (const char c : text) {
        ASSERT_TRUE(tcp.send({&c, 1}));
        std::this_thread::yield();
    }
    ASSERT_TRUE(host_.writes().wait_for_rows(2));
    EXPECT_THAT(rows(), ElementsAre("first.metric|1000000000", "second|2000000000"));
}

TEST_F(GraphiteInputTest, AnUnterminatedLastLineIsDroppedAndCounted) {
    start();
    Client tcp(SOCK_STREAM, port("tcp"));
    ASSERT_TRUE(tcp.send("a 1 1\nb 2 2"));
    tcp.close();
    ASSERT_TRUE(host_.writes().wait_for_rows(1));
    wait_for_metric("varve_graphite_unterminated_lines_total", 1);
    input_->stop();
    EXPECT_THAT(rows(), ElementsAre("a|1000000000"));
}

TEST_F(GraphiteInputTest, BadLinesAreReportedAndTheRestIsTaken) {
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    ASSERT_TRUE(tcp.send("bad\na x 1\nb 1 5000000000\nn NaN 1\ngood 1 1\n"));
    ASSERT_TRUE(host_.writes().wait_for_rows(1));
    input_->stop();
    EXPECT_THAT(
        host_.writes().bad_rows(),
        ElementsAre(
            Pair("bad", "received \"bad\" which doesn't have required fields"),
            Pair("a x 1", "field \"a\" value: strconv.ParseFloat: parsing \"x\": invalid syntax"),
            Pair("b 1 5000000000", "timestamp out of range")));
    EXPECT_EQ(host_.metric("varve_graphite_nan_values_total"), 1);
    EXPECT_EQ(host_.metric("varve_graphite_bad_rows_total"), 3);
}

TEST_F(GraphiteInputTest, ATooLongLineIsRejectedAndTheConnectionKept) {
    host_.set("line_size_max", int64_t{1000});
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    ASSERT_TRUE(tcp.send("a 1 1\n" + std::string(500'000, 'x')));
    ASSERT_TRUE(tcp.send(std::string(10, 'y') + " 1 1\nb 2 2\n"));
    ASSERT_TRUE(host_.writes().wait_for_rows(2));
    input_->stop();
    EXPECT_THAT(rows(), ElementsAre("a|1000000000", "b|2000000000"));
    ASSERT_EQ(host_.writes().bad_rows().size(), 1u);
    EXPECT_EQ(host_.writes().bad_rows()[0].second, "line longer than 1000 bytes");
    EXPECT_EQ(host_.metric("varve_graphite_long_lines_total"), 1);
}

TEST_F(GraphiteInputTest, ConnectionsBeyondTheLimitAreRefused) {
    host_.set("connections_max", int64_t{2});
    start();
    Client first(SOCK_STREAM, port("tcp"));
    const Client second(SOCK_STREAM, port("tcp"));
    wait_for_metric("varve_graphite_connections_total", 2);
    const Client third(SOCK_STREAM, port("tcp"));
    EXPECT_EQ(third.read_to_end(), 0u);  // closed at once
    EXPECT_EQ(host_.metric("varve_graphite_connections_refused_total"), 1);
    ASSERT_TRUE(second.send("a 1 1\n"));
    EXPECT_TRUE(host_.writes().wait_for_rows(1));
    first.close();
    while (host_.metric("varve_graphite_connections") > 1) std::this_thread::yield();
    const Client fourth(SOCK_STREAM, port("tcp"));
    ASSERT_TRUE(fourth.send("b 1 1\n"));
    EXPECT_TRUE(host_.writes().wait_for_rows(2));
}

TEST_F(GraphiteInputTest, SilentConnectionsAreClosedWhenAsked) {
    host_.set("idle_timeout", int64_t{10'000'000});
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    EXPECT_EQ(tcp.read_to_end(), 0u);
    EXPECT_EQ(host_.metric("varve_graphite_connections_idle_total"), 1);
}

TEST_F(GraphiteInputTest, SendersWaitWhileTooManyBatchesAreUnderWay) {
    host_.set("batch_size", int64_t{10});
    host_.set("batch_pending", int64_t{1});
    host_.writes().hold(true);
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    constexpr int kLines = 200'000;
    std::thread sender([&] {
        for (int i = 0; i < kLines; ++i) {
            ASSERT_TRUE(tcp.send("m " + std::to_string(i) + " " + std::to_string(i) + "\n"));
        }
    });
    ASSERT_TRUE(host_.writes().wait_for_writes(1));
    EXPECT_EQ(host_.writes().all().size(), 1u);
    host_.writes().hold(false);
    sender.join();
    ASSERT_TRUE(host_.writes().wait_for_rows(kLines));
    input_->stop();
    EXPECT_EQ(host_.metric("varve_graphite_rows_total"), kLines);
    EXPECT_EQ(host_.metric("varve_graphite_dropped_rows_total"), 0);
}

TEST_F(GraphiteInputTest, StopTakesWhatHasArrived) {
    host_.set("batch_timeout", kNever_ns);
    start();
    const Client tcp(SOCK_STREAM, port("tcp"));
    const Client udp(SOCK_DGRAM, port("udp"));
    ASSERT_TRUE(tcp.send("a 1 1\n"));
    ASSERT_TRUE(udp.send("b 2 2\n"));
    input_->stop();
    input_->stop();
    EXPECT_THAT(rows(), UnorderedElementsAre("a|1000000000", "b|2000000000"));
}

TEST_F(GraphiteInputTest, OneTransportOnly) {
    host_.set("protocol", std::string("udp"));
    start();
    EXPECT_THAT(input_->addresses(), testing::MatchesRegex("udp://127.0.0.1:[0-9]+"));
    input_->stop();
    host_.set("protocol", std::string("tcp"));
    start();
    EXPECT_THAT(input_->addresses(), testing::MatchesRegex("tcp://127.0.0.1:[0-9]+"));
}

TEST_F(GraphiteInputTest, RefusesBadConfigurationClearly) {
    host_.set("protocol", std::string("sctp"));
    EXPECT_EQ(start_error(), "protocol \"sctp\" is none of both, tcp, udp");
    host_.set("protocol", std::string("both"));
    host_.set("connections_max", int64_t{0});
    EXPECT_EQ(start_error(), "connections_max must be at least 1");
    host_.set("connections_max", int64_t{1});
    host_.set("templates", std::vector<std::string>{"a.b"});
    EXPECT_EQ(start_error(), "no measurement in template `a.b`");
    host_.set("templates", std::vector<std::string>{});
    host_.set("tags", std::vector<std::string>{"x"});
    EXPECT_EQ(start_error(), "invalid template tags: 'x'");
}

TEST_F(GraphiteInputTest, ATakenPortIsAClearError) {
    start();
    const std::string address = "127.0.0.1:" + std::to_string(port("tcp"));
    host_.set("bind_address", address);
    EXPECT_EQ(start_error(), "cannot bind tcp " + address + ": Address already in use");
}

}  // namespace
}  // namespace varve
