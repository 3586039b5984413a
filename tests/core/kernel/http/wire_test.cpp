// Requests byte by byte: framing, pipelining, and what is refused as malformed.
#include <gtest/gtest.h>

#include <thread>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

TEST(HttpWire, KeepAliveAnswersManyRequestsOnOneConnection) {
    TestServer server;
    ASSERT_TRUE(server.status.ok()) << server.status.text();
    Client client(server.port());
    for (int i = 0; i < 100; ++i) {
        const Answer answer = client.request(post("/echo", "body" + std::to_string(i)));
        ASSERT_TRUE(answer.ok);
        EXPECT_EQ(answer.status, 200u);
        EXPECT_EQ(answer.body, "POST /echo body" + std::to_string(i));
        EXPECT_EQ(answer.header("connection"), "");
        EXPECT_NE(answer.header("date").find(" GMT"), std::string::npos);
    }
    EXPECT_TRUE(eventually([&] { return server.metrics.requests == 100; }));
    EXPECT_EQ(server.metrics.opened, 1);
    EXPECT_EQ(server.metrics.refused_in_all(), 0);
}

TEST(HttpWire, PipelinedRequestsAreAnsweredInOrder) {
    TestServer server;
    Client client(server.port());
    std::string bytes;
    for (int i = 0; i < 50; ++i) {
        // Alternately in place and on a worker, so that only the session can keep the order.
        bytes += post(i % 2 == 0 ? "/echo" : "/long", "n" + std::to_string(i));
    }
    ASSERT_TRUE(client.write(bytes));
    for (int i = 0; i < 50; ++i) {
        const Answer answer = client.read();
        ASSERT_TRUE(answer.ok) << i;
        EXPECT_EQ(answer.body, (i % 2 == 0 ? "POST /echo n" : "POST /long n") + std::to_string(i));
    }
}

TEST(HttpWire, EveryCutOfARequestIsReadAlike) {
    TestServer server;
    const std::string whole = post("/echo?a=1", "0123456789") + get("/ping") +
                              "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "4;x=y\r\na\nbc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n";
    Client client(server.port());
    for (size_t cut = 1; cut < whole.size(); ++cut) {
        ASSERT_TRUE(client.write(whole.substr(0, cut)));
        ASSERT_TRUE(client.write(whole.substr(cut)));
        EXPECT_EQ(client.read().body, "POST /echo 0123456789") << cut;
        EXPECT_EQ(client.read().status, 204u) << cut;
        const Answer chunked = client.read();
        ASSERT_TRUE(chunked.ok) << cut;
        EXPECT_EQ(chunked.body, "POST /echo a\nbcde") << cut;
    }
}

// Once an assertion inside Beast, reachable from outside: a last chunk whose line came alone.
TEST(HttpWire, AnEmptyChunkedBodyMayBeCutAnywhere) {
    TestServer server;
    const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string body = "0\r\nT: v\r\n\r\n";
    Client client(server.port());
    for (size_t first = 0; first < body.size(); ++first) {
        for (size_t second = first; second < body.size(); ++second) {
            client.write(head + body.substr(0, first));
            std::this_thread::sleep_for(std::chrono::microseconds(300));
            client.write(body.substr(first, second - first));
            std::this_thread::sleep_for(std::chrono::microseconds(300));
            ASSERT_EQ(client.request(body.substr(second)).body, "POST /echo ") << first << second;
        }
    }
}

TEST(HttpWire, ContinueIsSentBeforeTheBody) {
    TestServer server;
    Client client(server.port());
    client.write(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read().status, 100u);
    EXPECT_EQ(client.request("abc").body, "POST /echo abc");
    client.write(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "Expect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read().status, 100u);
    EXPECT_EQ(client.request("1\r\nz\r\n0\r\n\r\n").body, "POST /echo z");
    // Nothing to continue with: no interim answer.
    EXPECT_EQ(client.request(get("/ping", "Expect: 100-continue\r\n")).status, 204u);
}

TEST(HttpWire, Http10ClosesUnlessAskedToKeep) {
    TestServer server;
    Client once(server.port());
    const Answer answer = once.request("GET /echo HTTP/1.0\r\n\r\n");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(once.is_closed_by_server());
    Client kept(server.port());
    for (int i = 0; i < 3; ++i) {
        const Answer again = kept.request("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(again.status, 200u);
        EXPECT_EQ(again.header("connection"), "keep-alive");
    }
}

TEST(HttpWire, ConnectionCloseIsObeyed) {
    TestServer server;
    Client client(server.port());
    const Answer answer = client.request(get("/echo", "Connection: close\r\n"));
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.is_closed_by_server());
}

struct Malformed {
    const char *bytes;
    unsigned status;
};

TEST(HttpWire, AmbiguousAndMalformedRequestsAreRefusedAndCountedOnce) {
    const Malformed cases[] = {
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
         "1\r\n\r\n0\r\n\r\n",
         400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\na", 400},
        {"GET /ping HTTP/1.1\nHost: a\n\n", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
        {"GET /ping HTTP/1.1\r\n\r\n", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET /ping HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"GET /ping HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"GET /ping HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400},
        {"GET  /ping HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /ping HTTP/2.0\r\nHost: a\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET ping HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"\x16\x03\x01\x02\x01\x01\xfc\r\n\r\n", 400},
        {"garbage garbage garbage\r\n\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n", 400},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\n", 417},
    };
    TestServer server;
    int refused = 0;
    for (const Malformed &one : cases) {
        Client client(server.port());
        const Answer answer = client.request(one.bytes);
        EXPECT_TRUE(answer.ok) << one.bytes;
        EXPECT_EQ(answer.status, one.status) << one.bytes;
        EXPECT_EQ(answer.header("connection"), "close") << one.bytes;
        EXPECT_TRUE(answer.body.starts_with("{\"error\":\"")) << answer.body;
        client.shut_write();
        EXPECT_TRUE(client.is_closed_by_server()) << one.bytes;
        EXPECT_EQ(server.metrics.refused_in_all(), ++refused) << one.bytes;
    }
    EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
}

TEST(HttpWire, ABodyThatEndsEarlyIsABadRequest) {
    TestServer server;
    Client client(server.port());
    client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    client.shut_write();
    EXPECT_EQ(client.read().status, 400u);
    EXPECT_EQ(server.metrics.refused_by(Refusal::bad_request), 1);
}

TEST(HttpWire, AHalfClosedClientStillGetsItsAnswer) {
    TestServer server;
    Client client(server.port());
    client.write(post("/long", "x"));
    client.shut_write();
    EXPECT_EQ(client.read().body, "POST /long x");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(HttpWire, LargeBodiesArriveWholeInBothFramings) {
    TestServer server;
    std::string body(3'000'000, '\0');
    for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 251);
    const std::string expected = std::to_string(body.size()) + " " + std::to_string(checksum(body));
    Client client(server.port());
    EXPECT_EQ(client.request(post("/size", body)).body, expected);
    std::string chunked = "POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (size_t at = 0; at < body.size();) {
        const size_t size = std::min<size_t>(body.size() - at, 1 + at % 40'000);
        char line[32];
        chunked.append(line,
                       static_cast<size_t>(std::snprintf(line, sizeof line, "%zx\r\n", size)));
        chunked += body.substr(at, size) + "\r\n";
        at += size;
    }
    chunked += "0\r\nTrailer: x\r\n\r\n";
    EXPECT_EQ(client.request(chunked).body, expected);
    EXPECT_EQ(client.request(get("/ping")).status, 204u);
}

TEST(HttpWire, TargetsInAbsoluteFormAndLeadingLineBreaksAreAccepted) {
    TestServer server;
    Client client(server.port());
    EXPECT_EQ(client.request("\r\nGET http://host:1/echo?x HTTP/1.1\r\nHost: host\r\n\r\n").body,
              "GET /echo ");
    EXPECT_EQ(client.request(get("/%65cho")).body, "GET /echo ");
}

}  // namespace
}  // namespace varve::http::test
