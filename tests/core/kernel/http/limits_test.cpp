// Every limit of the service: its status, its text, its counter, and what still works meanwhile.
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <thread>
#include <vector>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

TEST(HttpLimits, TargetsOf65536BytesWorkAndLongerOnesAre414) {
    TestServer server;
    Client client(server.port());
    const std::string target = "/echo?" + std::string(65'536 - 6, 'a');
    EXPECT_EQ(client.request(get(target)).status, 200u);
    for (const size_t size : {size_t{70'000}, size_t{100'000}, size_t{1'000'000}}) {
        Client other(server.port());
        const Answer answer = other.request(get("/echo?" + std::string(size, 'a')));
        EXPECT_EQ(answer.status, 414u) << size;
    }
    EXPECT_EQ(server.metrics.refused_by(Refusal::target_too_long), 3);
    EXPECT_EQ(server.metrics.refused_in_all(), 3);
}

TEST(HttpLimits, HeadersAbove80KiBAre431) {
    TestServer server;
    Client client(server.port());
    EXPECT_EQ(client.request(get("/echo", "X: " + std::string(79'000, 'a') + "\r\n")).status, 200u);
    Client one_line(server.port());
    EXPECT_EQ(one_line.request(get("/echo", "X: " + std::string(90'000, 'a') + "\r\n")).status,
              431u);
    Client endless(server.port());
    std::string lines;
    for (int i = 0; i < 5000; ++i)
        lines += "X-" + std::to_string(i) + ": " + std::string(40, 'b') + "\r\n";
    EXPECT_EQ(endless.request(get("/echo", lines)).status, 431u);
    Client many(server.port());
    lines.clear();
    for (int i = 0; i < 1500; ++i) lines += "a:b\r\n";
    EXPECT_EQ(many.request(get("/echo", lines)).status, 431u);
    EXPECT_EQ(server.metrics.refused_by(Refusal::header_too_large), 3);
    EXPECT_EQ(server.metrics.refused_in_all(), 3);
}

TEST(HttpLimits, BodiesAboveTheLimitAre413BeforeTheyAreRead) {
    Options options;
    options.body_size_max = 1000;
    TestServer server(options);
    Client exact(server.port());
    EXPECT_EQ(exact.request(post("/size", std::string(1000, 'a'))).status, 200u);
    Client announced(server.port());
    const Answer answer =
        announced.request("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
    EXPECT_EQ(answer.status, 413u);
    EXPECT_EQ(answer.body, "{\"error\":\"Request Entity Too Large\"}\n");
    EXPECT_EQ(answer.header("content-type"), "application/json");
    // A client that sends it all the same must be able to read the answer.
    Client stubborn(server.port());
    EXPECT_EQ(stubborn.request(post("/size", std::string(5'000'000, 'a'))).status, 413u);
    Client chunked(server.port());
    EXPECT_EQ(chunked
                  .request("POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3e8\r\n" +
                           std::string(1000, 'a') + "\r\n1\r\nb\r\n0\r\n\r\n")
                  .status,
              413u);
    Client huge_chunk(server.port());
    EXPECT_EQ(huge_chunk
                  .request("POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "ffffffffffffffff\r\n")
                  .status,
              413u);
    EXPECT_EQ(server.metrics.refused_by(Refusal::body_too_large), 4);
    EXPECT_EQ(server.metrics.refused_in_all(), 4);
}

TEST(HttpLimits, BodyMemoryIsBounded) {
    Options options;
    options.body_memory_max = 1 << 20;
    TestServer server(options);
    Client holder(server.port());
    holder.write("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    holder.write(std::string(1000, 'a'));
    const Answer answer = [&] {
        for (;;) {  // until the holder's reservation is there
            Client client(server.port());
            Answer got = client.request(post("/size", "abc"));
            if (got.status != 200) return got;
        }
    }();
    EXPECT_EQ(answer.status, 503u);
    EXPECT_EQ(answer.header("retry-after"), "1");
    EXPECT_EQ(server.metrics.refused_by(Refusal::body_memory), 1);
    Client ping(server.port());
    EXPECT_EQ(ping.request(get("/ping")).status, 204u);
    holder.write(std::string(999'000, 'a'));
    EXPECT_EQ(holder.read().status, 200u);
}

TEST(HttpLimits, ConnectionsAboveTheLimitAreTold503) {
    Options options;
    options.connections_max = 5;
    TestServer server(options);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        ASSERT_EQ(clients.back()->request(get("/ping")).status, 204u);
    }
    for (int i = 0; i < 20; ++i) {
        Client refused(server.port());
        const Answer answer = refused.request(get("/ping"));
        ASSERT_EQ(answer.status, 503u) << i;
        ASSERT_EQ(answer.header("retry-after"), "1");
        ASSERT_EQ(answer.header("connection"), "close");
        EXPECT_TRUE(refused.is_closed_by_server());
    }
    EXPECT_EQ(server.metrics.refused_by(Refusal::connection_limit), 20);
    EXPECT_EQ(server.metrics.refused_connections, 20);
    // A silent client is told too, after a second.
    Client silent(server.port());
    EXPECT_EQ(silent.read().status, 503u);
    clients.clear();
    EXPECT_TRUE(eventually([&] {
        Client client(server.port());
        return client.request(get("/ping")).status == 204;
    }));
}

TEST(HttpLimits, AFullQueueIs503AndPingStillAnswers) {
    Options options;
    options.worker_threads = 2;
    options.worker_queue_max = 3;
    TestServer server(options);
    Gate gate;
    std::atomic<int> running{0};
    ASSERT_TRUE(server.routes
                    .mount(&gate, kGet, "/blocked", 0,
                           [&](Request &, ResponseWriter writer) {
                               ++running;
                               gate.wait();
                               writer.send("done");
                           })
                    .ok());
    // Two run, three wait; whoever comes next is turned away at once.
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->write(get("/blocked"));
        const int expected = std::min(i + 1, 2);
        ASSERT_TRUE(eventually([&] { return running == expected; }));
    }
    EXPECT_TRUE(eventually([&] { return server.metrics.refused_by(Refusal::queue_full) == 5; }));
    Client ping(server.port());
    EXPECT_EQ(ping.request(get("/ping")).status, 204u);
    gate.open();
    int done = 0;
    for (auto &client : clients) {
        const Answer answer = client->read();
        if (answer.status == 503) {
            EXPECT_EQ(answer.header("retry-after"), "1");
        } else if (answer.body == "done") {
            ++done;
        }
    }
    EXPECT_EQ(done, 5);
    EXPECT_EQ(server.metrics.refused_in_all(), 5);
    server.routes.unmount_all(&gate);
}

TEST(HttpLimits, SlowHeadersAndBodiesAreTimedOut) {
    Options options;
    options.header_timeout_ms = 300;
    options.body_timeout_ms = 300;
    options.idle_timeout_ms = 60'000;
    options.rate_min = 1'000'000;
    TestServer server(options);
    Client header(server.port());
    header.write("GET /ping HTTP/1.1\r\nHost:");
    EXPECT_EQ(header.read().status, 408u);
    Client body(server.port());
    body.write("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    Answer answer;
    std::thread drip([&] {
        for (int i = 0; i < 300; ++i) {  // a byte every 10 ms renews nothing
            if (!body.write("x")) break;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    });
    answer = body.read();
    drip.join();
    EXPECT_EQ(answer.status, 408u);
    EXPECT_EQ(server.metrics.refused_by(Refusal::timeout_header), 1);
    EXPECT_EQ(server.metrics.refused_by(Refusal::timeout_body), 1);
    EXPECT_EQ(server.metrics.refused_in_all(), 2);
}

TEST(HttpLimits, IdleConnectionsAreClosedWithoutARefusal) {
    Options options;
    options.idle_timeout_ms = 300;
    TestServer server(options);
    Client client(server.port());
    EXPECT_EQ(client.request(get("/ping")).status, 204u);
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_EQ(server.metrics.refused_in_all(), 0);
}

TEST(HttpLimits, ThousandIdleAndTwentySlowClientsStopNobody) {
    TestServer server;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        ASSERT_TRUE(clients.back()->is_connected()) << i;
        ASSERT_EQ(clients.back()->request(get("/ping")).status, 204u) << i;
    }
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->write("POST /size HTTP/1.1\r\nHost: a\r\nContent-Le");
    }
    for (int i = 0; i < 50; ++i) {
        Client fresh(server.port());
        EXPECT_EQ(fresh.request(post("/echo", "x")).body, "POST /echo x");
        EXPECT_EQ(clients[static_cast<size_t>(i) * 17]->request(get("/ping")).status, 204u);
    }
    EXPECT_GE(server.server->connections(), 1020u);
}

}  // namespace
}  // namespace varve::http::test
