#include "cli/arguments.hpp"

#include <gtest/gtest.h>

#include "cli/table.hpp"

namespace varve::cli {
namespace {

constexpr VerbFlag kFlags[] = {{"db"}, {"from"}, {"gzip", false}};

std::string error_of(const std::vector<std::string> &words) {
    const auto parsed = parse_arguments(words, kFlags);
    return parsed.ok() ? "no error" : parsed.status().text();
}

TEST(Arguments, AllForms) {
    const auto parsed = parse_arguments({"--db=a=b", "word", "-from", "-5", "--gzip", "-"}, kFlags);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->value("db"), "a=b");
    EXPECT_EQ(parsed->value("from"), "-5");
    EXPECT_TRUE(parsed->has("gzip"));
    EXPECT_EQ(parsed->words, (std::vector<std::string>{"word", "-"}));
    EXPECT_EQ(parsed->value("out"), "");
    EXPECT_FALSE(parsed->has("out"));
}

TEST(Arguments, Errors) {
    EXPECT_EQ(error_of({"--nope", "x"}), "unknown flag --nope");
    EXPECT_EQ(error_of({"--db"}), "--db wants a value");
    EXPECT_EQ(error_of({"--gzip=1"}), "--gzip takes no value");
    EXPECT_EQ(error_of({"--db", "a", "-db=b"}), "--db stands twice");
}

TEST(Table, AlignsCodePoints) {
    std::string out;
    append_table(out, {"a", "long name"}, {{"é", "1"}, {"abc"}});
    EXPECT_EQ(out, "a   long name\n-   ---------\né   1\nabc\n");
}

}  // namespace
}  // namespace varve::cli
