// How a write is answered, as text.
#include <gtest/gtest.h>

#include "write/write_path.hpp"

namespace varve {
namespace {

TEST(Durability, ParsesEveryPolicy) {
    EXPECT_EQ(Durability::parse("always")->policy, uint32_t{VARVE_DURABILITY_ALWAYS});
    EXPECT_EQ(Durability::parse("os")->policy, uint32_t{VARVE_DURABILITY_OS});
    const auto interval = Durability::parse("interval=100ms");
    ASSERT_TRUE(interval.ok());
    EXPECT_EQ(interval->policy, uint32_t{VARVE_DURABILITY_INTERVAL});
    EXPECT_EQ(interval->interval_ns, 100'000'000);
    EXPECT_EQ(Durability::parse("interval=1s")->interval_ns, 1'000'000'000);
}

TEST(Durability, RefusesTheRest) {
    for (const char *text : {"", "Always", "never", "interval", "interval=", "interval=0s",
                             "interval=-1s", "interval=ten", "os "}) {
        const auto parsed = Durability::parse(text);
        EXPECT_EQ(parsed.code(), Code::invalid_argument) << text;
        EXPECT_EQ(parsed.status().text(), "durability \"" + std::string(text) +
                                              "\" is none of always, interval=<duration>, os");
    }
}

}  // namespace
}  // namespace varve
