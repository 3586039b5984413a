// Golden files: "+ line protocol" (seconds) fills database d, "> query" is asked with epoch=s,
// "= answer" is what comes back, byte for byte. Each file starts from nothing.
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
    const auto check = [&] {
        if (query.empty()) return;
        EXPECT_EQ(bench.ask(query), expected) << path << ": " << query;
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
TEST(EngineGolden, Errors) {
    EXPECT_GT(run_folder("errors"), 30U);
}

}  // namespace
}  // namespace varve::query
