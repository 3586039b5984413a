// Answers: deferred, streamed, compressed, cut; HEAD, OPTIONS, CORS; InfluxDB's headers;
// credentials.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <zlib.h>

#include <thread>
#include <vector>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

std::string gunzipped(const std::string &bytes) {
    z_stream z{};
    inflateInit2(&z, 15 + 16);
    std::string out(50'000'000, '\0');
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = reinterpret_cast<Bytef *>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    const int code = inflate(&z, Z_FINISH);
    out.resize(z.total_out);
    inflateEnd(&z);
    return code == Z_STREAM_END ? out : "not gzip";
}

// A server with one more route and the thread that it started.
struct RouteServer : TestServer {
    RouteServer(uint32_t flags, Handler handler, Options options = {}) : TestServer(options) {
        status = routes.mount(&late, kGet | kPost, "/route", flags, std::move(handler));
    }
    ~RouteServer() {
        if (late.joinable()) late.join();
        server->stop(std::chrono::milliseconds(0));
        routes.unmount_all(&late);
    }
    std::thread late;
};

TEST(HttpResponse, AnswersMayComeLaterAndFromAnotherThread) {
    for (const uint32_t flags : {kShort, 0u}) {
        std::vector<std::thread> threads;
        std::mutex mutex;
        RouteServer server(flags, [&](Request &request, ResponseWriter writer) {
            const std::lock_guard lock(mutex);
            threads.emplace_back([&request, writer = std::move(writer)]() mutable {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
                writer.send("late " + std::string(request.query()));
            });
        });
        Client client(server.port());
        for (int i = 0; i < 20; ++i) {
            const Answer answer = client.request(get("/route?" + std::to_string(i)));
            EXPECT_EQ(answer.body, "late " + std::to_string(i));
        }
        const std::lock_guard lock(mutex);
        for (std::thread &thread : threads) thread.join();
    }
}

TEST(HttpResponse, UnansweredAndThrowingHandlersBecome500) {
    RouteServer server(kShort, [](Request &request, ResponseWriter) {
        if (request.query() == "throw") throw std::runtime_error("no");
    });
    Client client(server.port());
    EXPECT_EQ(client.request(get("/route")).status, 500u);
    EXPECT_EQ(client.request(get("/route?throw")).status, 500u);
    EXPECT_EQ(client.request(get("/ping")).status, 204u);
}

// Streams `pieces` pieces, waiting for resume() whenever asked to.
struct Producer {
    ResponseWriter writer;
    int left = 0;
    // Counted after write() returned, when resume() may have started the next run already.
    std::atomic<int> waits = 0;
    bool ok_at_end = true;
    std::atomic<bool> *cancelled = nullptr;

    static void run(std::shared_ptr<Producer> self) {
        while (self->left > 0) {
            --self->left;
            const auto result = self->writer.write(std::string(100'000, 's'), [self] {
                // Not in place: resume() must not block the connection.
                std::thread([self] { run(self); }).detach();
            });
            if (result == ResponseWriter::WriteResult::cancelled) {
                if (self->cancelled != nullptr) *self->cancelled = true;
                self->writer.end(false);
                return;
            }
            if (result == ResponseWriter::WriteResult::wait) {
                ++self->waits;
                return;
            }
        }
        self->writer.end(self->ok_at_end);
    }
};

TEST(HttpResponse, StreamsAreChunkedAndWaitForASlowReader) {
    std::shared_ptr<Producer> producer;
    RouteServer server(0, [&](Request &, ResponseWriter writer) {
        producer = std::make_shared<Producer>();
        producer->writer = std::move(writer);
        producer->left = 300;
        Producer::run(producer);
    });
    Client client(server.port());
    client.write(get("/route"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const Answer answer = client.read();
    ASSERT_TRUE(answer.ok);
    EXPECT_TRUE(answer.chunked);
    EXPECT_EQ(answer.body.size(), 30'000'000u);
    EXPECT_EQ(answer.body.find_first_not_of('s'), std::string::npos);
    EXPECT_GT(producer->waits, 0);  // how often is the scheduler's business
    EXPECT_EQ(client.request(get("/ping")).status, 204u);
}

TEST(HttpResponse, StreamsToHttp10EndWithTheConnection) {
    RouteServer server(0, [](Request &, ResponseWriter writer) {
        writer.write("one ");
        writer.write("two");
        writer.end();
    });
    Client client(server.port());
    const Answer answer = client.request("GET /route HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.header("transfer-encoding"), "");
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_EQ(answer.body, "one two");
}

TEST(HttpResponse, ABrokenStreamIsSeenToBeBroken) {
    RouteServer server(0, [](Request &request, ResponseWriter writer) {
        writer.write("begun");
        if (request.query() == "end") writer.end(false);
    });
    for (const char *query : {"end", "dropped"}) {
        Client client(server.port());
        const Answer answer = client.request(get(std::string("/route?") + query));
        EXPECT_EQ(answer.status, 200u);
        EXPECT_FALSE(answer.ok);
    }
}

TEST(HttpResponse, AHangUpCancelsWhoeverIsStillAnswering) {
    Gate seen;
    Gate begun;
    RouteServer server(0, [&](Request &, ResponseWriter writer) {
        begun.open();
        while (!writer.is_cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        seen.open();
        writer.send("to nowhere");
    });
    Client client(server.port());
    client.write(get("/route"));
    ASSERT_TRUE(begun.wait_for(std::chrono::seconds(10)));
    client.reset();
    EXPECT_TRUE(seen.wait_for(std::chrono::seconds(10)));
    EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
}

TEST(HttpResponse, AHangUpWakesAWaitingStream) {
    std::atomic<bool> cancelled{false};
    RouteServer server(0, [&](Request &, ResponseWriter writer) {
        auto producer = std::make_shared<Producer>();
        producer->writer = std::move(writer);
        producer->left = 1'000'000;
        producer->cancelled = &cancelled;
        Producer::run(producer);
    });
    Client client(server.port());
    client.write(get("/route"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client.reset();
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
}

TEST(HttpResponse, AReaderThatStopsIsTimedOut) {
    Options options;
    options.write_timeout_ms = 300;
    options.rate_min = 100'000'000;
    std::atomic<bool> cancelled{false};
    RouteServer server(
        0,
        [&](Request &, ResponseWriter writer) {
            auto producer = std::make_shared<Producer>();
            producer->writer = std::move(writer);
            producer->left = 1'000'000;
            producer->cancelled = &cancelled;
            Producer::run(producer);
        },
        options);
    Client client(server.port());
    client.write(get("/route"));
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
    EXPECT_EQ(server.metrics.refused_by(Refusal::timeout_write), 1);
}

TEST(HttpResponse, HeadIsGetWithoutTheBody) {
    TestServer server;
    Client client(server.port());
    client.write("HEAD /text HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
    const Answer answer = client.read(true);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("content-length"), "20000");
    EXPECT_EQ(client.request(get("/ping")).status, 204u);
}

TEST(HttpResponse, UnknownPathsAndMethods) {
    TestServer server;
    Client client(server.port());
    Answer answer = client.request(get("/nowhere"));
    EXPECT_EQ(answer.status, 404u);
    EXPECT_EQ(answer.body, "404 page not found\n");
    EXPECT_TRUE(answer.header("content-type").starts_with("text/plain"));
    EXPECT_EQ(answer.header("x-influxdb-version"), "1.8.10");
    EXPECT_EQ(answer.header("request-id"), "");
    answer = client.request("DELETE /influx HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, 405u);
    EXPECT_EQ(answer.body, "Method Not Allowed\n");
    EXPECT_EQ(answer.header("allow"), "GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(answer.header("x-influxdb-version"), "1.8.10");
    EXPECT_EQ(answer.header("request-id"), "");
    EXPECT_EQ(client.request("BREW /influx HTTP/1.1\r\nHost: a\r\n\r\n").status, 405u);
}

TEST(HttpResponse, InfluxRoutesCarryInfluxHeaders) {
    TestServer server;
    Client client(server.port());
    Answer answer = client.request(get("/influx"));
    EXPECT_EQ(answer.header("x-influxdb-version"), "1.8.10");
    EXPECT_EQ(answer.header("x-influxdb-build"), "OSS");
    EXPECT_EQ(answer.header("request-id").size(), 36u);
    EXPECT_EQ(answer.header("request-id")[14], '1');
    EXPECT_EQ(answer.header("x-request-id"), answer.header("request-id"));
    EXPECT_EQ(answer.header("x-influxdb-error"), "");
    answer = client.request(get("/influx", "Request-Id: abc\r\n"));
    EXPECT_EQ(answer.header("x-request-id"), "abc");
    answer = client.request(get("/influx", "Request-Id: abc\r\nX-Request-Id: def\r\n"));
    EXPECT_EQ(answer.header("request-id"), "def");
    answer = client.request(get("/influx?status=400"));
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(answer.header("x-influxdb-error"), "it \"failed\"");
    EXPECT_EQ(answer.body, "{\"error\":\"it \\\"failed\\\"\"}\n");
    answer = client.request(get("/influx?status=401"));
    EXPECT_EQ(answer.header("x-influxdb-error"), "");
    EXPECT_EQ(answer.header("www-authenticate"), "Basic realm=\"InfluxDB\"");
    answer = client.request(get("/echo"));
    EXPECT_EQ(answer.header("x-influxdb-version"), "");
}

TEST(HttpResponse, InfluxErrorsHaveTheAskedForm) {
    TestServer server;
    Client client(server.port());
    Answer answer = client.request(get("/influx?status=400", "Accept: application/x-msgpack\r\n"));
    EXPECT_EQ(answer.header("content-type"), "application/x-msgpack");
    EXPECT_EQ(answer.header("x-influxdb-error"), "it \"failed\"");
    EXPECT_EQ(answer.body,
              "\x81\xa5"
              "error\xab"
              "it \"failed\"");
    answer = client.request(get("/influx?status=403",
                                "Accept: text/html, text/csv;q=0.5\r\nAccept-Encoding: gzip\r\n"));
    EXPECT_EQ(answer.header("content-type"), "text/csv");
    EXPECT_EQ(answer.header("content-encoding"), "");
    EXPECT_EQ(answer.body, "error\n\"it \"\"failed\"\"\"\n");
    EXPECT_EQ(client.request(get("/influx", "Accept: text/csv\r\n")).body, "fine");
}

TEST(HttpResponse, CorsAndOptions) {
    TestServer server;
    Client client(server.port());
    Answer answer =
        client.request("OPTIONS /influx HTTP/1.1\r\nHost: a\r\nOrigin: http://o\r\n\r\n");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.header("access-control-allow-origin"), "http://o");
    EXPECT_EQ(answer.header("access-control-allow-methods"), "DELETE, GET, OPTIONS, POST, PUT");
    EXPECT_EQ(answer.header("access-control-allow-headers"),
              "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token, "
              "X-HTTP-Method-Override");
    EXPECT_EQ(answer.header("access-control-expose-headers"),
              "Date, X-InfluxDB-Version, X-InfluxDB-Build");
    answer = client.request(get("/influx", "Origin: http://o\r\n"));
    EXPECT_EQ(answer.body, "fine");
    EXPECT_EQ(answer.header("access-control-allow-origin"), "http://o");
    EXPECT_EQ(client.request(get("/influx")).header("access-control-allow-origin"), "");
    EXPECT_EQ(
        client.request(get("/echo", "Origin: http://o\r\n")).header("access-control-allow-origin"),
        "");
}

TEST(HttpResponse, GzipWhenAskedForAndWorthIt) {
    TestServer server;
    Client client(server.port());
    Answer answer = client.request(get("/text", "Accept-Encoding: gzip\r\n"));
    EXPECT_EQ(answer.header("content-encoding"), "gzip");
    EXPECT_LT(answer.body.size(), 1000u);
    EXPECT_EQ(gunzipped(answer.body), std::string(20'000, 'x'));
    EXPECT_EQ(client.request(get("/text")).body, std::string(20'000, 'x'));
    EXPECT_EQ(
        client.request(get("/text", "Accept-Encoding: gzip;q=0\r\n")).header("content-encoding"),
        "");
    EXPECT_EQ(client.request(get("/influx", "Accept-Encoding: gzip\r\n")).body, "fine");
}

TEST(HttpResponse, StreamsAreCompressedPieceByPiece) {
    Gate gate;
    RouteServer server(0, [&](Request &, ResponseWriter writer) {
        writer.set_header("Content-Type", "application/json");
        writer.write(std::string(5000, 'a'));
        gate.wait();
        writer.write(std::string(3'000'000, 'b'));
        writer.end();
    });
    Client client(server.port());
    client.write(get("/route", "Accept-Encoding: gzip\r\n"));
    // The first piece's bytes arrive while the second isn't written.
    char byte = 0;
    EXPECT_EQ(::recv(client.descriptor(), &byte, 1, MSG_PEEK), 1);
    gate.open();
    const Answer answer = client.read();
    ASSERT_TRUE(answer.ok);
    EXPECT_EQ(answer.header("content-encoding"), "gzip");
    EXPECT_EQ(gunzipped(answer.body), std::string(5000, 'a') + std::string(3'000'000, 'b'));
}

TEST(HttpResponse, HandlersCannotBreakTheHead) {
    RouteServer server(kShort, [](Request &, ResponseWriter writer) {
        writer.set_header("X-A", "b\r\nX-Injected: yes");
        writer.set_header("X-B\r\nX-Injected", "yes");
        writer.set_header("Content-Length", "1");
        writer.set_header("Connection", "upgrade");
        writer.set_status(12345);
        writer.send("body");
    });
    Client client(server.port());
    const Answer answer = client.request(get("/route"));
    EXPECT_EQ(answer.status, 500u);
    EXPECT_EQ(answer.header("x-injected"), "");
    EXPECT_EQ(answer.header("x-a"), "b  X-Injected: yes");
    EXPECT_EQ(answer.body, "body");
}

// Says yes to "Authorization: yes", at once or from another thread.
class TestAuthenticator : public Authenticator {
  public:
    void authenticate(Request &request, std::function<void(AuthDecision)> done) override {
        AuthDecision decision;
        decision.allowed = request.header("authorization").value_or("").starts_with("yes");
        decision.principal = "alice";
        decision.error = "authorization failed";
        if (request.header("authorization").value_or("").ends_with("later")) {
            std::thread([done = std::move(done), decision] { done(decision); }).detach();
        } else {
            done(decision);
        }
    }
};

TEST(HttpResponse, TheAuthenticatorDecidesBeforeTheHandler) {
    TestAuthenticator authenticator;
    std::mutex mutex;
    std::vector<std::string> log;
    Hooks hooks;
    hooks.authenticator = &authenticator;
    hooks.access_log = [&](const AccessRecord &record) {
        const std::lock_guard lock(mutex);
        log.push_back(std::string(record.principal) + " " + std::string(record.method) + " " +
                      record.target + " " + std::to_string(record.status) + " " +
                      std::to_string(record.bytes_in));
    };
    TestServer server({}, hooks);
    Client client(server.port());
    Answer answer = client.request(post("/influx?p=secret", "abc"));
    EXPECT_EQ(answer.status, 401u);
    EXPECT_EQ(answer.body, "{\"error\":\"authorization failed\"}\n");
    EXPECT_EQ(answer.header("www-authenticate"), "Basic realm=\"InfluxDB\"");
    EXPECT_EQ(client.request(get("/influx", "Authorization: no later\r\n")).status, 401u);
    EXPECT_EQ(client.request(get("/influx", "Authorization: yes\r\n")).body, "fine");
    EXPECT_EQ(client.request(get("/influx", "Authorization: yes later\r\n")).body, "fine");
    EXPECT_EQ(client.request(get("/ping")).status, 204u) << "public";
    EXPECT_EQ(server.metrics.refused_by(Refusal::unauthorized), 2);
    EXPECT_EQ(server.metrics.refused_in_all(), 2);
    const std::vector<std::string> expected{" POST /influx?p=[REDACTED] 401 3",
                                            " GET /influx 401 0", "alice GET /influx 200 0",
                                            "alice GET /influx 200 0", " GET /ping 204 0"};
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return log == expected;
    }));
}

}  // namespace
}  // namespace varve::http::test
