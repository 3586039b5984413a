// The engine as the query service: forms of answers, limits, cancelling, large answers.
#include "query/engine.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/query_bench.hpp"

namespace varve::query {
namespace {

using test::QueryBench;

class EngineTest : public ::testing::Test {
  protected:
    void SetUp() override {
        bench.write(
            "cpu,host=a v=1,s=\"x,\\\"y\" 1\ncpu,host=b v=2.5 2\ncpu,host=b v=3 3\nmem f=1i 1\n",
            "d");
    }
    QueryBench bench;
};

TEST_F(EngineTest, TimesComeInEveryUnit) {
    const auto first = [&](const std::string &epoch) {
        QueryBench::Ask ask;
        ask.epoch = epoch;
        const std::string answer = bench.ask("select f from mem", ask);
        const size_t at = answer.find("[[") + 2;
        return answer.substr(at, answer.find(',', at) - at);
    };
    EXPECT_EQ(first(""), "\"1970-01-01T00:00:01Z\"");
    EXPECT_EQ(first("ns"), "1000000000");
    EXPECT_EQ(first("u"), "1000000");
    EXPECT_EQ(first("ms"), "1000");
    EXPECT_EQ(first("s"), "1");
    EXPECT_EQ(first("h"), "0");
}

TEST_F(EngineTest, Chunks) {
    QueryBench::Ask ask;
    ask.chunk_size = 1;
    EXPECT_EQ(bench.ask("select v from cpu group by host; select f from mem", ask),
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("tags":{"host":"a"},"columns":["time","v"],"values":[[1,1]]}],)"
              R"("partial":true}]})"
              "\n"
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("tags":{"host":"b"},"columns":["time","v"],"values":[[2,2.5]],)"
              R"("partial":true}],"partial":true}]})"
              "\n"
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("tags":{"host":"b"},"columns":["time","v"],"values":[[3,3]]}]}]})"
              "\n"
              R"({"results":[{"statement_id":1,"series":[{"name":"mem",)"
              R"("columns":["time","f"],"values":[[1,1]]}]}]})");
}

TEST_F(EngineTest, Csv) {
    QueryBench::Ask ask;
    ask.format = "csv";
    ask.epoch = "";
    EXPECT_EQ(bench.ask("select v, s from cpu group by host; select f from mem", ask),
              "name,tags,time,v,s\n"
              "cpu,host=a,1000000000,1,\"x,\"\"y\"\n"
              "cpu,host=b,2000000000,2.5,\n"
              "cpu,host=b,3000000000,3,\n"
              "\n"
              "name,tags,time,f\n"
              "mem,,1000000000,1");
    EXPECT_EQ(bench.ask("select v from nodb..cpu", ask), "");
    EXPECT_EQ(bench.ask("sel", ask).substr(0, 7), "error\n\"");
    EXPECT_EQ(bench.code, VARVE_INVALID_ARGUMENT);
}

TEST_F(EngineTest, Pretty) {
    QueryBench::Ask ask;
    ask.pretty = true;
    EXPECT_EQ(bench.ask("select f from mem", ask), R"({
    "results": [
        {
            "statement_id": 0,
            "series": [
                {
                    "name": "mem",
                    "columns": [
                        "time",
                        "f"
                    ],
                    "values": [
                        [
                            1,
                            1
                        ]
                    ]
                }
            ]
        }
    ]
})");
}

TEST_F(EngineTest, LocalTimesOfAZone) {
    QueryBench::Ask ask;
    ask.epoch = "";
    EXPECT_EQ(bench.ask("select count(v) from cpu where time >= '2020-03-08' and time < "
                        "'2020-03-10' group by time(1d) fill(0) tz('America/New_York')",
                        ask),
              R"({"results":[{"statement_id":0}]})");
    bench.write("dst v=1 1583647200\ndst v=1 1583668800\ndst v=1 1583726400\n", "d");
    EXPECT_EQ(bench.ask("select sum(v) from dst where time >= '2020-03-08' and time < '2020-03-10' "
                        "group by time(1d) tz('America/New_York')",
                        ask),
              R"({"results":[{"statement_id":0,"series":[{"name":"dst",)"
              R"("columns":["time","sum"],"values":[["2020-03-08T00:00:00-05:00",2],)"
              R"(["2020-03-09T00:00:00-04:00",1]]}]}]})");
}

TEST_F(EngineTest, IntoWritesMoreThanOneBatch) {
    std::string lines;
    for (int i = 1; i <= 25'000; ++i)
        lines += "big v=" + std::to_string(i) + " " + std::to_string(i) + "\n";
    bench.write(lines, "d");
    EXPECT_EQ(bench.ask("select v into copy from big"),
              R"({"results":[{"statement_id":0,"series":[{"name":"result",)"
              R"("columns":["time","written"],"values":[[0,25000]]}]}]})");
    EXPECT_EQ(bench.ask("select count(v), sum(v) from copy"),
              R"({"results":[{"statement_id":0,"series":[{"name":"copy",)"
              R"("columns":["time","count","sum"],"values":[[0,25000,312512500]]}]}]})");
}

TEST_F(EngineTest, IntoOverGetIsWarnedOfWithExplicitNames) {
    QueryBench::Ask ask;
    ask.read_only = true;
    EXPECT_NE(bench.ask("select f into x from mem", ask)
                  .find("\"deprecated use of 'SELECT f INTO d.autogen.x FROM d.autogen.mem' in a "
                        "read only context, please use a POST request instead\""),
              std::string::npos);
}

TEST_F(EngineTest, RefusesTheWholeRequest) {
    EXPECT_EQ(bench.ask("select"),
              R"({"error":"error parsing query: found EOF, expected identifier, string,)"
              R"( number, bool at line 1, char 8"})");
    EXPECT_EQ(bench.code, VARVE_INVALID_ARGUMENT);
    QueryBench::Ask ask;
    ask.params = "[]";
    EXPECT_TRUE(bench.ask("select v from cpu", ask)
                    .starts_with(R"({"error":"error parsing query parameters: )"));
    ask = {};
    ask.language = "flux";
    EXPECT_EQ(bench.ask("x", ask), R"({"error":"unknown query language: flux"})");
    EXPECT_EQ(bench.ask(";;"), "{}");
    EXPECT_EQ(bench.code, VARVE_OK);
}

TEST_F(EngineTest, NeedsADatabase) {
    QueryBench::Ask ask;
    ask.database = "";
    EXPECT_EQ(bench.ask("select v from cpu", ask),
              R"({"results":[{"statement_id":0,"error":"database name required"}]})");
    EXPECT_EQ(bench.ask("select v from d..cpu limit 1", ask),
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("columns":["time","v"],"values":[[1,1]]}]}]})");
}

TEST_F(EngineTest, ChangesOverGetAreMadeWithAWarning) {
    QueryBench::Ask ask;
    ask.read_only = true;
    EXPECT_EQ(bench.ask("create database x", ask),
              R"({"results":[{"statement_id":0,"messages":[{"level":"warning",)"
              R"("text":"deprecated use of 'CREATE DATABASE x' in a read only context,)"
              R"( please use a POST request instead"}]}]})");
    EXPECT_TRUE(bench.catalog().database("x").ok());
}

TEST_F(EngineTest, BoundParameters) {
    QueryBench::Ask ask;
    ask.params = R"({"h":"b","n":1})";
    EXPECT_EQ(bench.ask("select v from cpu where host = $h limit $n", ask),
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("columns":["time","v"],"values":[[2,2.5]]}]}]})");
}

TEST_F(EngineTest, PolicyOfTheRequest) {
    bench.ask("create retention policy p on d duration inf replication 1");
    bench.write("cpu v=9 1\n", "d", "p");
    QueryBench::Ask ask;
    ask.policy = "p";
    const std::string expected = R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
                                 R"("columns":["time","v"],"values":[[1,9]]}]}]})";
    EXPECT_EQ(bench.ask("select v from cpu", ask), expected);
    EXPECT_EQ(bench.ask("select v from p.cpu"), expected);
    EXPECT_EQ(bench.ask("select v from autogen.cpu, p.cpu where time < 3s"),
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("columns":["time","v"],"values":[[1,9],[1,1],[2,2.5]]}]}]})");
    EXPECT_EQ(bench.ask("select sum(v) from autogen.cpu, p.cpu"),
              R"({"results":[{"statement_id":0,"series":[{"name":"cpu",)"
              R"("columns":["time","sum"],"values":[[0,15.5]]}]}]})");
    bench.ask("drop retention policy autogen on d");
    EXPECT_EQ(bench.ask("select v from cpu"),
              R"({"results":[{"statement_id":0,"error":"retention policy not found: autogen"}]})");
}

std::string error_answer(const std::string &text) {
    return R"({"results":[{"statement_id":0,"error":")" + text + "\"}]}";
}

TEST(EngineLimits, SeriesAndBuckets) {
    Limits limits;
    limits.max_select_series = 1;
    limits.max_select_buckets = 10;
    QueryBench bench(limits);
    bench.write("m,h=a v=1 1\nm,h=b v=2 2\n", "d");
    EXPECT_EQ(bench.ask("select v from m"),
              error_answer("max-select-series limit exceeded: (2/1)"));
    EXPECT_EQ(bench.ask("select sum(v) from m where h = 'a' and time >= 0 and time < 11s "
                        "group by time(1s)"),
              error_answer("max-select-buckets limit exceeded: (11/10)"));
    EXPECT_EQ(bench.ask("select sum(v) from m where h = 'a' and time >= '1970-01-31' and "
                        "time < '1970-11-02' group by time(1mo)"),
              error_answer("max-select-buckets limit exceeded: (11/10)"));
    // Without a lower bound the buckets are counted from the first point on.
    EXPECT_EQ(bench.ask("select sum(v) from m where h = 'a' and time < 12s group by time(1s)"),
              error_answer("max-select-buckets limit exceeded: (11/10)"));
}

TEST(EngineLimits, Points) {
    Limits limits;
    limits.max_select_point = 2;
    QueryBench bench(limits);
    bench.write("m v=1 1\nm v=2 2\nm v=3 3\n", "d");
    EXPECT_EQ(bench.ask("select v from m"), error_answer("max-select-point limit exceeed: (3/2)"));
}

TEST(EngineLimits, Memory) {
    Limits limits;
    limits.memory = 30;
    QueryBench bench(limits);
    bench.write("m v=1 1\n", "d");
    for (const char *query : {"select sum(v) from m", "select v from m", "select top(v, 2) from m",
                              "select cumulative_sum(v), elapsed(v) from m"}) {
        EXPECT_NE(bench.ask(query).find("query.memory limit exceeded: "), std::string::npos);
    }
}

TEST(EngineLimits, Time) {
    Limits limits;
    limits.timeout_ns = -1;
    QueryBench bench(limits);
    bench.write("m v=1 1\n", "d");
    EXPECT_EQ(bench.ask("select v from m"), error_answer("query-timeout limit exceeded"));
}

// As many threads as jobs.
class ThreadRunner final : public TaskRunner {
  public:
    void run_all(std::span<const std::function<void()>> jobs) override {
        std::vector<std::thread> threads;
        for (const auto &job : jobs) threads.emplace_back(job);
        for (std::thread &thread : threads) thread.join();
    }
    unsigned parallelism() const override { return 4; }
};

std::string many_rows(int hosts, int rows) {
    std::string lines;
    for (int row = 0; row < rows; ++row) {
        for (int host = 0; host < hosts; ++host) {
            lines += "m,host=h" + std::to_string(host) + " v=" + std::to_string(row % 7) +
                     ",n=" + std::to_string(host) + "i " + std::to_string(row) + "\n";
        }
    }
    return lines;
}

TEST(EngineParallel, GivesWhatOneThreadGives) {
    ThreadRunner threads;
    QueryBench one;
    QueryBench four({}, &threads);
    const std::string lines = many_rows(20, 200);
    one.write(lines, "d");
    four.write(lines, "d");
    for (const char *query :
         {"select * from m", "select v from m group by host", "select count(v), sum(n) from m",
          "select max(v), n, host from m group by host",
          "select percentile(v, 60) from m where time >= 0 and time < 200s group by time(7s)",
          "select first(n), host from m where time >= 0 and time < 200s group by time(50s)",
          "select v, n from m where v > 3 order by time desc limit 50 offset 7",
          "select difference(v), cumulative_sum(n) from m group by host",
          "select derivative(mean(v)), max(n) from m where time >= 0 and time < 200s "
          "group by time(7s), host",
          "select top(v, host, 5), n from m", "select bottom(v, 7), host from m",
          "select distinct(v) from m group by host", "select mode(v), integral(n) from m",
          "select count(distinct(n)) from m where time >= 0 and time < 200s group by time(9s)",
          "select holt_winters(mean(v), 3, 7) from m where time >= 0 and time < 60s "
          "group by time(1s)"}) {
        const std::string expected = one.ask(query);
        EXPECT_EQ(four.ask(query), expected) << query;
        EXPECT_GT(expected.size(), 100U) << query;
    }
}

// More rows than are held at once: read in slices of time, still in order, and complete.
TEST(EngineLarge, SlicesOfTime) {
    QueryBench bench;
    constexpr int kHosts = 6;
    constexpr int kRows = 60'000;
    bench.write(many_rows(kHosts, kRows), "d");
    for (const std::string order : {"asc", "desc"}) {
        QueryBench::Ask ask;
        ask.format = "csv";
        ask.epoch = "s";
        const std::string answer = bench.ask("select n, v from m order by time " + order, ask);
        EXPECT_TRUE(bench.ended_well);
        EXPECT_GT(bench.write_calls, 10U);
        int64_t row = 0;
        bool in_order = true;
        for (size_t at = answer.find('\n') + 1; at < answer.size(); ++row) {
            const size_t end = std::min(answer.find('\n', at), answer.size());
            const bool up = order == "asc";
            const int64_t time = up ? row / kHosts : kRows - 1 - row / kHosts;
            const int64_t host = up ? row % kHosts : kHosts - 1 - row % kHosts;
            const std::string expected = "m,," + std::to_string(time) + "," + std::to_string(host) +
                                         "," + std::to_string(time % 7);
            in_order = in_order && answer.compare(at, end - at, expected) == 0;
            at = end + 1;
        }
        EXPECT_EQ(row, int64_t{kHosts} * kRows) << order;
        EXPECT_TRUE(in_order) << order;
    }
    EXPECT_EQ(bench.ask("select n from m where v = 3 limit 2 offset 5"),
              R"({"results":[{"statement_id":0,"series":[{"name":"m","columns":["time",)"
              R"("n"],"values":[[3,5],[10,0]]}]}]})");
}

// LIMIT behind a stream ends the reading of what goes into it.
TEST(EngineLarge, StreamsStopAtTheirLimit) {
    Limits limits;
    limits.max_select_point = 300'000;
    QueryBench bench(limits);
    bench.write(many_rows(6, 60'000), "d");
    EXPECT_EQ(bench.ask("select cumulative_sum(n) from m limit 2 offset 4"),
              R"({"results":[{"statement_id":0,"series":[{"name":"m","columns":["time",)"
              R"("cumulative_sum"],"values":[[0,10],[0,15]]}]}]})");
    EXPECT_EQ(bench.ask("select cumulative_sum(n), elapsed(n) from m limit 1"),
              R"({"results":[{"statement_id":0,"series":[{"name":"m","columns":["time",)"
              R"("cumulative_sum","elapsed"],"values":[[0,0,0]]}]}]})");
    EXPECT_NE(bench.ask("select difference(n) from m").find("max-select-point limit exceeed"),
              std::string::npos);
}

TEST(EngineLarge, StopsWhenTheReaderIsGone) {
    QueryBench bench;
    bench.write(many_rows(2, 50'000), "d");
    bench.cancel_after = 100'000;
    const std::string answer = bench.ask("select * from m");
    EXPECT_FALSE(bench.ended_well);
    EXPECT_LT(answer.size(), 400'000U);
}

}  // namespace
}  // namespace varve::query
