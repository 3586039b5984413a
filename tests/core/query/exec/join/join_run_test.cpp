// JOIN over rows of one time: each is put beside each, in batches, within the budget.
#include <gtest/gtest.h>

#include "support/query_bench.hpp"

namespace varve::query::exec {
namespace {

void write_lines(test::QueryBench &bench, const std::string &measurement, int tags, int times) {
    std::string lines;
    for (int tag = 0; tag < tags; ++tag) {
        for (int time = 0; time < times; ++time) {
            lines += measurement + ",host=h,core=" + std::to_string(tag) + " " + measurement +
                     "v=" + std::to_string(tag * 10 + time) + " " + std::to_string(time) + "\n";
        }
    }
    bench.write(lines, "d");
}

std::string values_of(const std::string &answer) {
    const size_t from = answer.find("\"values\":");
    if (from == std::string::npos) return answer;
    return answer.substr(from + 9, answer.find("}", from) - from - 9);
}

TEST(JoinRun, EveryRowOfATimeIsPutBesideEvery) {
    test::QueryBench bench;
    write_lines(bench, "a", 2, 2);
    write_lines(bench, "b", 2, 1);
    const std::string query = "select av, bv from a join b on time, host";
    EXPECT_EQ(values_of(bench.ask(query)), "[[0,0,0],[0,0,10],[0,10,0],[0,10,10]]");
    EXPECT_EQ(values_of(bench.ask(query + " order by time desc limit 3")),
              "[[0,10,10],[0,10,0],[0,0,10]]");
    EXPECT_EQ(values_of(bench.ask("select av, bv from a join b on time, host, core")),
              "[[0,0,0],[0,10,10]]");
}

TEST(JoinRun, MoreRowsThanABatchArrive) {
    test::QueryBench bench;
    write_lines(bench, "a", 80, 1);
    write_lines(bench, "b", 90, 1);
    EXPECT_EQ(values_of(bench.ask("select count(av), sum(bv) from "
                                  "(select av, bv from a join b on time, host)")),
              "[[0,7200,3204000]]");
}

TEST(JoinRun, MemoryIsLimited) {
    query::Limits limits;
    limits.memory = 50'000;
    test::QueryBench bench(limits);
    write_lines(bench, "a", 40, 40);
    write_lines(bench, "b", 1, 1);
    const std::string answer = bench.ask("select av, bv from a join b on time, host");
    EXPECT_NE(answer.find("query.memory limit exceeded"), std::string::npos) << answer;
}

}  // namespace
}  // namespace varve::query::exec
