// Routes whose handlers may keep their io thread until they have answered: how many at a time, what
// the others do meanwhile, and the last piece of a stream together with its end.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

// Serves GET /stay, whose handlers wait for a gate and say whether they may block.
class StayingServer {
  public:
    StayingServer() {
        EXPECT_TRUE(server_.status.ok()) << server_.status.text();
        EXPECT_TRUE(server_.routes
                        .mount(this, kGet, "/stay", kShort | kMayStay,
                               [this](Request &request, ResponseWriter writer) {
                                   const bool stays = request.may_block();
                                   ++(stays ? staying : passing);
                                   if (stays) gate.wait();
                                   writer.send(stays ? "stayed" : "passed");
                               })
                        .ok());
        EXPECT_TRUE(server_.routes
                        .mount(this, kGet, "/stream", kShort | kMayStay,
                               [](Request &, ResponseWriter writer) {
                                   writer.write("first, ");
                                   writer.finish("last");
                               })
                        .ok());
        EXPECT_TRUE(server_.routes
                        .mount(this, kGet, "/only", kShort | kMayStay,
                               [](Request &, ResponseWriter writer) { writer.finish("at once"); })
                        .ok());
    }
    ~StayingServer() {
        gate.open();
        server_.routes.unmount_all(this);
    }
    uint16_t port() const { return server_.port(); }

    Gate gate;
    std::atomic<int> staying{0};
    std::atomic<int> passing{0};

  private:
    TestServer server_;
};

TEST(HttpStay, OthersAreServedWhileHandlersStay) {
    StayingServer server;
    const unsigned places = std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned i = 0; i < places; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->write(get("/stay"));
    }
    ASSERT_TRUE(eventually([&] { return server.staying == static_cast<int>(places); }));
    // No place is left: the next one must not block, and its thread is nobody's.
    Client other(server.port());
    EXPECT_EQ(other.request(get("/stay")).body, "passed");
    EXPECT_EQ(other.request(post("/echo", "x")).body, "POST /echo x");
    EXPECT_EQ(server.passing, 1);
    server.gate.open();
    for (const auto &client : clients) EXPECT_EQ(client->read().body, "stayed");
    // The places are free again.
    EXPECT_TRUE(eventually([&] { return other.request(get("/stay")).body == "stayed"; }));
}

TEST(HttpStay, RequestsBehindOneThatStaysWaitForIt) {
    StayingServer server;
    Client client(server.port());
    client.write(get("/stay") + post("/echo", "behind") + get("/only"));
    ASSERT_TRUE(eventually([&] { return server.staying == 1; }));
    server.gate.open();
    EXPECT_EQ(client.read().body, "stayed");
    EXPECT_EQ(client.read().body, "POST /echo behind");
    EXPECT_EQ(client.read().body, "at once");
}

TEST(HttpStay, AClientThatGoesTakesNothingWithIt) {
    StayingServer server;
    {
        Client client(server.port());
        client.write(get("/stay"));
        ASSERT_TRUE(eventually([&] { return server.staying == 1; }));
        client.reset();
    }
    server.gate.open();
    Client other(server.port());
    EXPECT_EQ(other.request(get("/stay")).body, "stayed");
}

TEST(HttpStay, FinishIsTheLastPiece) {
    StayingServer server;
    Client client(server.port());
    for (int i = 0; i < 3; ++i) {
        const Answer stream = client.request(get("/stream"));
        EXPECT_TRUE(stream.ok);
        EXPECT_EQ(stream.body, "first, last");
        EXPECT_TRUE(stream.chunked);
        const Answer only = client.request(get("/only"));
        EXPECT_TRUE(only.ok);
        EXPECT_EQ(only.body, "at once");
    }
    const Answer plain = client.request("GET /stream HTTP/1.0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(plain.body, "first, last");
}

TEST(HttpStay, ManyClientsAtOnce) {
    StayingServer server;
    server.gate.open();
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            Client client(server.port());
            for (int i = 0; i < 200; ++i) {
                const Answer answer = client.request(get(i % 2 == 0 ? "/stay" : "/stream"));
                right += answer.body == (i % 2 == 0 ? "stayed" : "first, last") ||
                         answer.body == "passed";
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    EXPECT_EQ(right, 8 * 200);
}

}  // namespace
}  // namespace varve::http::test
