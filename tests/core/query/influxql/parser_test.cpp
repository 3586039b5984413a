// Golden files: "> query", then "= its normalised text" per statement, or "! its error".
#include "query/languages/influxql/syntax/parser.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace varve::query::influxql {
namespace {

std::string answer_of(const std::string &query) {
    const auto statements = parse_query(query);
    if (!statements.ok()) return "! " + statements.status().text() + "\n";
    std::string out;
    for (const Statement &statement : *statements) out += "= " + to_string(statement) + "\n";
    return out;
}

TEST(ParserGolden, EveryFile) {
    const std::filesystem::path folder =
        std::filesystem::path(VARVE_SOURCE_DIR) / "tests/golden/influxql/parse";
    size_t cases = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream file(entry.path());
        std::string query;
        std::string expected;
        const auto check = [&] {
            if (query.empty()) return;
            EXPECT_EQ(answer_of(query), expected) << entry.path() << ": " << query;
            ++cases;
        };
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("> ")) {
                check();
                query = line.substr(2);
                expected.clear();
            } else if (line.starts_with("= ") || line.starts_with("! ")) {
                expected += line + "\n";
            }
        }
        check();
    }
    EXPECT_GT(cases, 150U);
}

TEST(Parser, EmptyTextsHaveNoStatements) {
    EXPECT_TRUE(parse_query("")->empty());
    EXPECT_TRUE(parse_query(" ;; \n;")->empty());
}

TEST(Parser, RefusesWhatWouldOverflowTheStack) {
    const std::string deep = "select " + std::string(100000, '(');
    EXPECT_EQ(parse_query(deep).status().text(), "expression is nested too deeply");
    std::string chain = "select v from m where a = 1";
    for (int i = 0; i < 20000; ++i) chain += " or a = 1";
    EXPECT_EQ(parse_query(chain).status().text(), "expression is nested too deeply");
}

TEST(Parser, LongChainsOfConditionsAreFine) {
    std::string chain = "select v from m where a = 1";
    for (int i = 0; i < 3000; ++i) chain += " or a = 1";
    const auto statements = parse_query(chain);
    ASSERT_TRUE(statements.ok());
    EXPECT_EQ(to_string(statements->front()).size(), chain.size());
}

}  // namespace
}  // namespace varve::query::influxql
