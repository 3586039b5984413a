// Starting, stopping, addresses, the unix socket.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

Options bound_to(const std::string &address) {
    Options options;
    options.bind_address = address;
    return options;
}

TEST(HttpServer, ReportsTheRealAddress) {
    RouteTable routes;
    Server v4(bound_to("127.0.0.1:0"), routes);
    ASSERT_TRUE(v4.start().ok());
    EXPECT_EQ(v4.address(), "127.0.0.1:" + std::to_string(v4.port()));
    EXPECT_NE(v4.port(), 0);
    Server everywhere(bound_to(":0"), routes);
    ASSERT_TRUE(everywhere.start().ok());
    Client client(everywhere.port());
    EXPECT_EQ(client.request(get("/")).status, 404u);
    EXPECT_GT(everywhere.connections_max(), 0u);
}

TEST(HttpServer, WrongAddressesAreErrorsThatName) {
    RouteTable routes;
    for (const char *address : {"", "8086", "host", "1.2.3.4:99999", "1.2.3.4:x", "127.0.0.1:"}) {
        Server server(bound_to(address), routes);
        const Status status = server.start();
        EXPECT_EQ(status.code(), Code::invalid_argument) << address;
        EXPECT_NE(status.text().find("http.bind_address"), std::string::npos);
    }
    Server first(bound_to("127.0.0.1:0"), routes);
    ASSERT_TRUE(first.start().ok());
    Server second(bound_to(first.address()), routes);
    EXPECT_EQ(second.start().code(), Code::already_exists);
}

TEST(HttpServer, ServesAUnixSocket) {
    const std::string path = testing::TempDir() + "varve_http_" + std::to_string(::getpid());
    Options options;
    options.unix_socket_path = path;
    options.unix_socket_mode = 0600;
    {
        TestServer server(options);
        ASSERT_TRUE(server.status.ok()) << server.status.text();
        struct stat info {};
        ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777, 0600u);
        Client client(path);
        EXPECT_EQ(client.request(post("/echo", "by file")).body, "POST /echo by file");
        RouteTable routes;
        Options again = bound_to("127.0.0.1:0");
        again.unix_socket_path = path;
        Server second(again, routes);
        EXPECT_EQ(second.start().code(), Code::already_exists);
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(HttpServer, StopDrainsWhatRunsAndClosesWhatIdles) {
    TestServer server;
    Gate gate;
    Gate begun;
    ASSERT_TRUE(server.routes
                    .mount(&gate, kGet, "/blocked", 0,
                           [&](Request &, ResponseWriter writer) {
                               begun.open();
                               gate.wait();
                               writer.send("drained");
                           })
                    .ok());
    Client idle(server.port());
    EXPECT_EQ(idle.request(get("/ping")).status, 204u);
    Client busy(server.port());
    busy.write(get("/blocked"));
    ASSERT_TRUE(begun.wait_for(std::chrono::seconds(10)));
    std::thread stopping([&] { server.server->stop(std::chrono::seconds(10)); });
    EXPECT_TRUE(idle.is_closed_by_server());
    gate.open();
    const Answer answer = busy.read();
    EXPECT_EQ(answer.body, "drained");
    EXPECT_EQ(answer.header("connection"), "close");
    busy.shut_write();
    EXPECT_TRUE(busy.is_closed_by_server());
    stopping.join();
    Client late(server.port());
    EXPECT_FALSE(late.is_connected());
    server.routes.unmount_all(&gate);
}

TEST(HttpServer, StopGivesUpAtTheDeadline) {
    TestServer server;
    const int owner = 0;
    ResponseWriter kept;
    Gate begun;
    ASSERT_TRUE(server.routes
                    .mount(&owner, kGet, "/never", kShort,
                           [&](Request &, ResponseWriter writer) {
                               kept = std::move(writer);
                               begun.open();
                           })
                    .ok());
    Client client(server.port());
    client.write(get("/never"));
    ASSERT_TRUE(begun.wait_for(std::chrono::seconds(10)));
    server.server->stop(std::chrono::milliseconds(10));
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_TRUE(kept.is_cancelled());
    EXPECT_EQ(kept.write("x"), ResponseWriter::WriteResult::cancelled);
    kept.end();
    server.routes.unmount_all(&owner);
    EXPECT_EQ(server.metrics.opened, server.metrics.closed);
}

TEST(HttpServer, ManyThreadsManyRequests) {
    TestServer server;
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            Client client(server.port());
            for (int i = 0; i < 300; ++i) {
                const std::string body = std::to_string(t) + "/" + std::to_string(i);
                const bool worker = i % 3 == 0;
                const Answer answer = client.request(post(worker ? "/long" : "/echo", body));
                if (answer.body == (worker ? "POST /long " : "POST /echo ") + body) ++right;
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    EXPECT_EQ(right, 2400);
    EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
    EXPECT_EQ(server.metrics.opened, server.metrics.closed);
}

}  // namespace
}  // namespace varve::http::test
