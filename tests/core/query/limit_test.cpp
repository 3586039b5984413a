// LIMIT gives the first rows of what the whole query gives, however little of it is read.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <sstream>

#include "support/query_bench.hpp"

namespace varve::query {
namespace {

using Rows = std::vector<std::string>;
using Table = std::map<std::string, Rows>;  // by the group's tags

Table ask(test::QueryBench &bench, const std::string &query) {
    test::QueryBench::Ask csv;
    csv.format = "csv";
    std::istringstream lines(bench.ask(query, csv));
    Table out;
    std::string line;
    std::getline(lines, line);  // the columns' names
    while (std::getline(lines, line)) {
        const size_t tags = line.find(',') + 1;
        const size_t values = line.find(',', tags) + 1;
        out[line.substr(tags, values - tags)].push_back(line.substr(values));
    }
    return out;
}

Table cut(const Table &all, size_t limit, size_t offset) {
    Table out;
    for (const auto &[tags, rows] : all) {
        for (size_t i = offset; i < std::min(rows.size(), offset + limit); ++i) {
            out[tags].push_back(rows[i]);
        }
    }
    return out;
}

// Groups that begin at different times, gaps, and a field that some rows lack.
std::string random_lines(std::mt19937_64 &random) {
    std::string out;
    const uint64_t hosts = 1 + random() % 4;
    for (uint64_t host = 0; host < hosts; ++host) {
        uint64_t time = random() % 3 == 0 ? 1000 + random() % 3000 : random() % 50;
        const uint64_t rows = 1 + random() % 300;
        for (uint64_t row = 0; row < rows; ++row, time += 1 + random() % 25) {
            out += "cpu,host=h" + std::to_string(host);
            const bool lacks_v = random() % 4 == 0;
            out += lacks_v ? " n=1i" : " v=" + std::to_string(random() % 100) + ",n=2i";
            out += " " + std::to_string(time) + "\n";
        }
    }
    return out;
}

TEST(Limit, OfBucketsIsThePrefixOfAllBuckets) {
    const uint64_t seed = std::random_device{}();
    std::mt19937_64 random(seed);
    const std::string fills[] = {"", " fill(none)", " fill(7)", " fill(previous)", " fill(linear)"};
    const std::string calls[] = {"mean(v)", "max(v)", "count(v), sum(n)", "first(v), last(n)",
                                 "derivative(mean(v))"};
    const std::string groups[] = {"", ", host"};
    const std::string ranges[] = {"time < 5000s", "time >= 10s and time < 4000s"};
    for (int round = 0; round < 40; ++round) {
        test::QueryBench bench;
        bench.write(random_lines(random), "d");
        const auto any = [&](const auto &list) { return list[random() % std::size(list)]; };
        const std::string query = "select " + any(calls) + " from cpu where " + any(ranges) +
                                  " group by time(" + std::to_string(20 + random() % 100) + "s)" +
                                  any(groups) + any(fills);
        const bool of_every_call = query.find("), ") < query.find(" from ");
        // Then LIMIT is of every call; golden/influxql/select/limit_calls.test has its answers.
        if (of_every_call && query.find("fill(none)") != std::string::npos) continue;
        const size_t limit = 1 + random() % 12;
        const size_t offset = random() % 3;
        const std::string tail =
            " limit " + std::to_string(limit) + " offset " + std::to_string(offset);
        EXPECT_EQ(ask(bench, query + tail), cut(ask(bench, query), limit, offset))
            << query << tail << ", round " << round << " of seed " << seed;
    }
}

TEST(Limit, OfRowsIsThePrefixOfAllRows) {
    const uint64_t seed = std::random_device{}();
    std::mt19937_64 random(seed);
    const std::string fields[] = {"v", "v, n", "*", "n, host"};
    const std::string tails[] = {"", " group by host", " order by time desc",
                                 " group by host order by time desc"};
    const std::string filters[] = {"", " where n = 1", " where v > 50 and time < 3000s"};
    for (int round = 0; round < 40; ++round) {
        test::QueryBench bench;
        bench.write(random_lines(random), "d");
        const auto any = [&](const auto &list) { return list[random() % std::size(list)]; };
        const std::string query = "select " + any(fields) + " from cpu" + any(filters) + any(tails);
        // One row may come from a block's statistics.
        const size_t limit = round % 2 == 0 ? 1 : 2 + random() % 11;
        const std::string tail = " limit " + std::to_string(limit);
        EXPECT_EQ(ask(bench, query + tail), cut(ask(bench, query), limit, 0))
            << query << tail << ", round " << round << " of seed " << seed;
    }
}

}  // namespace
}  // namespace varve::query
