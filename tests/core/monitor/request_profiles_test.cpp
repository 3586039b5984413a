// Who writes and asks, counted while a window is open.
#include <gtest/gtest.h>

#include "monitor/request_profiles.hpp"

namespace varve::monitor {
namespace {

http::AccessRecord record(std::string target, std::string_view peer,
                          std::string_view principal = {}) {
    http::AccessRecord made;
    made.target = std::move(target);
    made.peer = peer;
    made.principal = principal;
    return made;
}

TEST(RequestProfiles, CountsByUserAndAddress) {
    RequestProfiles profiles;
    profiles.note(record("/write?db=d", "10.0.0.1:1"));  // before the window
    const auto window = profiles.open();
    profiles.note(record("/write?db=d", "10.0.0.1:1"));
    profiles.note(record("/api/v2/write?bucket=d", "10.0.0.1:2"));
    profiles.note(record("/query?q=x", "10.0.0.1:3"));
    profiles.note(record("/query", "[::1]:3", "root"));
    profiles.note(record("/query", "unix", "a\"b"));
    profiles.note(record("/ping", "10.0.0.9:3"));
    profiles.note(record("/queryx", "10.0.0.9:3"));
    profiles.close(window);
    profiles.note(record("/query?q=x", "10.0.0.1:3"));
    EXPECT_EQ(window->to_json(),
              "{\n\"10.0.0.1\": {\"writes\":2,\"queries\":1},\n"
              "\"a\\\"b:unix\": {\"writes\":0,\"queries\":1},\n"
              "\"root:::1\": {\"writes\":0,\"queries\":1}\n}\n");
}

TEST(RequestProfiles, WindowsAreApartAndBounded) {
    RequestProfiles profiles;
    const auto first = profiles.open();
    profiles.note(record("/query", "10.0.0.1:1"));
    const auto second = profiles.open();
    profiles.close(first);
    for (size_t i = 0; i < RequestProfiles::kSendersMax + 5; ++i) {
        profiles.note(record("/query", "s" + std::to_string(i) + ":1"));
    }
    profiles.note(record("/query", "s0:1"));
    profiles.close(second);
    EXPECT_EQ(first->to_json(), "{\n\"10.0.0.1\": {\"writes\":0,\"queries\":1}\n}\n");
    const std::string json = second->to_json();
    EXPECT_EQ(static_cast<size_t>(std::count(json.begin(), json.end(), ':')),
              3 * RequestProfiles::kSendersMax);
    EXPECT_NE(json.find("\"s0\": {\"writes\":0,\"queries\":2}"), std::string::npos);
    const auto empty = profiles.open();
    profiles.close(empty);
    EXPECT_EQ(empty->to_json(), "{\n\n}\n");
}

}  // namespace
}  // namespace varve::monitor
