// Golden files: "+ line protocol" (seconds) fills database d, "> query" is asked with epoch=s,
// "= answer" is what comes back, byte for byte. Each file starts from nothing. "@ user database"
// ("-" = none) says who asks from then on, for which database, with authentication on.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/query_bench.hpp"

namespace varve::query {
namespace {

void run_file(const std::filesystem::path &path, size_t &cases) {
    test::QueryBench bench;
    std::ifstream file(path);
    std::string data;
    std::string query;
    std::string expected;
    test::QueryBench::Ask ask;
    const auto check = [&] {
        if (query.empty()) return;
        EXPECT_EQ(bench.ask(query, ask), expected) << path << ": " << query;
        ++cases;
        query.clear();
    };
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("+ ")) {
            data += line.substr(2) + "\n";
        } else if (line.starts_with("> ")) {
            check();
            if (!data.empty()) bench.write(std::exchange(data, {}), "d");
            query = line.substr(2);
            expected.clear();
        } else if (line.starts_with("@ ")) {
            check();
            const size_t blank = line.find(' ', 2);
            ask.principal = line.substr(2, blank - 2);
            ask.database = line.substr(blank + 1);
            for (std::string *name : {&ask.principal, &ask.database}) {
                if (*name == "-") name->clear();
            }
            if (!bench.requires_users()) bench.require_users();
        } else if (line.starts_with("= ")) {
            expected = line.substr(2);
        }
    }
    check();
}

size_t run_folder(const std::string &name) {
    size_t cases = 0;
    const std::filesystem::path folder =
        std::filesystem::path(VARVE_SOURCE_DIR) / "tests/golden/influxql" / name;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        run_file(entry.path(), cases);
    }
    return cases;
}

TEST(EngineGolden, Select) {
    EXPECT_GT(run_folder("select"), 100U);
}
TEST(EngineGolden, Show) {
    EXPECT_GT(run_folder("show"), 20U);
}
TEST(EngineGolden, Users) {
    EXPECT_GT(run_folder("users"), 200U);
}
TEST(EngineGolden, Into) {
    EXPECT_GT(run_folder("into"), 60U);
}
TEST(EngineGolden, Services) {
    EXPECT_GT(run_folder("services"), 60U);
}
TEST(EngineGolden, Errors) {
    EXPECT_GT(run_folder("errors"), 30U);
}

}  // namespace
}  // namespace varve::query
