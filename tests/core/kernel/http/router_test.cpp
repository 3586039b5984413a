#include <gtest/gtest.h>

#include <thread>

#include "core/kernel/http/client.hpp"

namespace varve::http::test {
namespace {

const Handler kNothing = [](Request &, ResponseWriter) {};

TEST(HttpRouter, ExactWinsThenTheLongestSubtree) {
    RouteTable table;
    const int owner = 0;
    for (const char *path : {"/a", "/a/", "/a/b/", "/"}) {
        ASSERT_TRUE(table.mount(&owner, kGet, path, 0, kNothing).ok());
    }
    const auto found = [&](std::string_view path) { return table.find(path)->route().path; };
    EXPECT_EQ(found("/a"), "/a");
    EXPECT_EQ(found("/a/"), "/a/");
    EXPECT_EQ(found("/a/x/y"), "/a/");
    EXPECT_EQ(found("/a/b"), "/a/");
    EXPECT_EQ(found("/a/b/c"), "/a/b/");
    EXPECT_EQ(found("/b"), "/");
    EXPECT_EQ(table.find("*"), nullptr);
    EXPECT_EQ(table.find(""), nullptr);
}

TEST(HttpRouter, ATakenPathAndBadRoutesAreErrors) {
    RouteTable table;
    const int one = 0;
    const int two = 0;
    ASSERT_TRUE(table.mount(&one, kGet, "/a", 0, kNothing).ok());
    const Status taken = table.mount(&two, kPost, "/a", 0, kNothing);
    EXPECT_EQ(taken.code(), Code::already_exists);
    EXPECT_EQ(taken.text(), "the path /a is mounted already");
    EXPECT_EQ(table.mount(&one, kGet, "a", 0, kNothing).code(), Code::invalid_argument);
    EXPECT_EQ(table.mount(&one, 0, "/b", 0, kNothing).code(), Code::invalid_argument);
    EXPECT_EQ(table.mount(&one, kHead, "/b", 0, kNothing).code(), Code::invalid_argument);
    table.unmount_all(&two);
    EXPECT_NE(table.find("/a"), nullptr);
    table.unmount_all(&one);
    EXPECT_EQ(table.find("/a"), nullptr);
    EXPECT_TRUE(table.mount(&two, kPost, "/a", 0, kNothing).ok());
}

TEST(HttpRouter, UnmountWaitsForRequestsUnderWay) {
    TestServer server;
    const int owner = 0;
    Gate begun;
    Gate answer;
    Gate leave;
    std::atomic<bool> returned{false};
    ASSERT_TRUE(server.routes
                    .mount(&owner, kGet, "/mine", 0,
                           [&](Request &, ResponseWriter writer) {
                               begun.open();
                               answer.wait();
                               writer.send("last words");
                               leave.wait();  // still inside after the answer
                               returned = true;
                           })
                    .ok());
    Client client(server.port());
    client.write(get("/mine"));
    ASSERT_TRUE(begun.wait_for(std::chrono::seconds(10)));
    std::atomic<bool> unmounted{false};
    std::thread unmounting([&] {
        server.routes.unmount_all(&owner);
        EXPECT_TRUE(returned);
        unmounted = true;
    });
    EXPECT_TRUE(eventually([&] { return server.routes.find("/mine") == nullptr; }));
    answer.open();
    EXPECT_EQ(client.read().body, "last words");
    EXPECT_FALSE(unmounted);
    leave.open();
    unmounting.join();
    EXPECT_EQ(client.request(get("/mine")).status, 404u);
}

}  // namespace
}  // namespace varve::http::test
