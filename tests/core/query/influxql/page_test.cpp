// docs/influxql.md: its examples work, and it names every function and statement there is.
#include <gtest/gtest.h>

#include <fstream>

#include "functions/aggregate/aggregate_functions.hpp"
#include "functions/forecast/forecast_functions.hpp"
#include "functions/math/math_functions.hpp"
#include "functions/selector/selector_functions.hpp"
#include "functions/transform/transform_functions.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "support/query_bench.hpp"

namespace varve::query::influxql {
namespace {

std::vector<std::string> page_lines() {
    std::ifstream file(std::string(VARVE_SOURCE_DIR) + "/docs/influxql.md");
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) out.push_back(line);
    return out;
}

// The page with each line break as a blank, for what is wrapped.
std::string page_text() {
    std::string out;
    for (const std::string &line : page_lines()) out += line + ' ';
    return out;
}

// The lines of all blocks that are fenced as `kind`.
std::vector<std::string> fenced(const std::string &kind) {
    std::vector<std::string> out;
    std::string open;
    for (const std::string &line : page_lines()) {
        if (line.starts_with("```")) {
            open = open.empty() ? line.substr(3) : "";
        } else if (open == kind) {
            out.push_back(line);
        }
    }
    return out;
}

bool gives_rows(const std::string &statement) {
    return (statement.starts_with("SELECT") || statement.starts_with("SHOW") ||
            statement.starts_with("EXPLAIN"));
}

TEST(InfluxqlPage, ExamplesWork) {
    test::QueryBench bench;
    std::string rows;
    for (const std::string &line : fenced("lines")) rows += line + "\n";
    bench.write(rows, "mydb");
    test::QueryBench::Ask ask;
    ask.database = "mydb";
    const std::vector<std::string> statements = fenced("influxql");
    EXPECT_GT(statements.size(), 40U);
    for (const std::string &statement : statements) {
        const std::string answer = bench.ask(statement, ask);
        EXPECT_EQ(answer.find("\"error\""), std::string::npos) << statement << "\n" << answer;
        if (gives_rows(statement)) {
            EXPECT_NE(answer.find("\"values\""), std::string::npos) << statement << "\n" << answer;
        }
    }
}

TEST(InfluxqlPage, NamesEveryFunction) {
    const std::string page = page_text();
    for (const auto &set : {functions::aggregate_functions(), functions::forecast_functions(),
                            functions::math_functions(), functions::selector_functions(),
                            functions::transform_functions()}) {
        for (const varve_function *function : set) {
            EXPECT_NE(page.find("`" + std::string(function->name) + "("), std::string::npos)
                << function->name;
        }
    }
}

TEST(InfluxqlPage, NamesEveryStatement) {
    const std::string page = page_text();
    constexpr auto kLast = static_cast<int>(StatementKind::kill_query);
    for (int kind = 0; kind <= kLast; ++kind) {
        const std::string name(statement_name(static_cast<StatementKind>(kind)));
        EXPECT_NE(page.find(name), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace varve::query::influxql
