// Points as InfluxDB 0.8 writes them, and what is refused with which words.
#include "common/series_json/series_json.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "plugins/common/series_json/dump.hpp"

namespace varve {
namespace {

using series_json::Options;
using series_json::PointNumbers;

constexpr int64_t kNow = 1'700'000'000'123'456'789;
constexpr int64_t kFirstNumber = 1'700'000'000ll * 256 * 10'000 + 1;

std::string parsed(std::string_view text, int64_t unit_us = 1000) {
    PointNumbers numbers(kNow);
    Options options;
    options.now_ns = kNow;
    options.unit_us = unit_us;
    return dump_series(text, options, numbers);
}

std::vector<std::string> dump_lines(std::string_view text, const Options &options,
                                    PointNumbers &numbers) {
    std::vector<std::string> out;
    std::istringstream all(dump_series(text, options, numbers));
    for (std::string line; std::getline(all, line);) out.push_back(line);
    return out;
}

// A request of one series with these columns and points.
std::string one(const std::string &columns, const std::string &points) {
    return parsed(R"([{"name":"s","columns":)" + columns + R"(,"points":)" + points + "}]");
}

TEST(SeriesJson, ReadsPointsWithTheirNumbers) {
    EXPECT_EQ(one(R"(["time","sequence_number","state","value"])",
                  R"([[1400425947368,10001,"ny",3],[1400425947369,7,"mn",3.5]])"),
              "s|state=s:ny,value=i:3,sequence_number=i:10001|1400425947368000001\n"
              "s|state=s:mn,value=f:3.5/400c000000000000,sequence_number=i:7|"
              "1400425947369000007\n");
}

TEST(SeriesJson, KindsOfValues) {
    EXPECT_EQ(one(R"(["sequence_number","a","b","c","d","e"])",
                  R"([[1,true,false,-9223372036854775808,9223372036854775808,1e3]])"),
              "s|a=b:1,b=b:0,c=i:-9223372036854775808,d=f:9.2233720368547758e+18/43e0000000000000,"
              "e=f:1000/408f400000000000,sequence_number=i:1|1700000000123456001\n");
    EXPECT_EQ(one(R"(["sequence_number","t"])", R"([[1,"a\"\\\u00e9\n"]])"),
              "s|t=s:a\"\\é\n,sequence_number=i:1|1700000000123456001\n");
}

TEST(SeriesJson, NullIsNoValueAndAPointWithoutAnyIsNone) {
    EXPECT_EQ(one(R"(["sequence_number","a","b"])", R"([[1,null,2],[2,null,null]])"),
              "s|b=i:2,sequence_number=i:1|1700000000123456001\n");
}

TEST(SeriesJson, TimesAreCutToTheirUnit) {
    const std::string point = R"([{"name":"s","columns":["time","sequence_number","v"],)"
                              R"("points":[[1400425947.9,1,1]]}])";
    EXPECT_EQ(parsed(point, 1'000'000), "s|v=i:1,sequence_number=i:1|1400425947000000001\n");
    EXPECT_EQ(parsed(point, 1000), "s|v=i:1,sequence_number=i:1|1400425947000001\n");
    EXPECT_EQ(parsed(point, 1), "s|v=i:1,sequence_number=i:1|1400425947001\n");
    EXPECT_EQ(one(R"(["time","sequence_number","v"])", "[[-1,1,1]]"),
              "s|v=i:1,sequence_number=i:1|-999999\n");
    EXPECT_EQ(one(R"(["time","v"])", "[[1e18,1]]"), "time is out of range: 1000000000000000000");
    EXPECT_EQ(one(R"(["time","v"])", "[[1e300,1]]"), "time is out of range");
    EXPECT_EQ(series_json::precision_us("s"), 1'000'000);
    EXPECT_EQ(series_json::precision_us("m"), 1000);
    EXPECT_EQ(series_json::precision_us(""), 1000);
    EXPECT_EQ(series_json::precision_us("u"), 1);
    EXPECT_FALSE(series_json::precision_us("n"));
}

TEST(SeriesJson, PointsWithoutANumberGetOneAfterTheOther) {
    const std::string first = std::to_string(kFirstNumber);
    const std::string second = std::to_string(kFirstNumber + 10'000);
    EXPECT_EQ(one(R"(["time","v"])", "[[5,1],[5,2]]"),
              "s|v=i:1,sequence_number=i:" + first + "|5000000\n" +
                  "s|v=i:2,sequence_number=i:" + second + "|5000001\n");
}

TEST(SeriesJson, ManyPointsWithoutATimeGoOnInTheNextMicrosecond) {
    std::string points;
    for (int i = 0; i < 1002; ++i) points += (i == 0 ? "[" : ",[") + std::to_string(i) + "]";
    const std::string rows = one(R"(["v"])", "[" + points + "]");
    EXPECT_NE(rows.find("|v=i:999,"), rows.npos);
    EXPECT_NE(rows.find("|1700000000123456999\n"), rows.npos);
    EXPECT_NE(rows.find("|1700000000123457000\n"), rows.npos);
    EXPECT_NE(rows.find("|1700000000123457001\n"), rows.npos);
}

TEST(SeriesJson, ReadsSomePointsAgainWithOtherNumbers) {
    const std::string text =
        R"([{"name":"a","columns":["time","v"],"points":[[5,0],[5,1],[5,null],[5,2]]},)"
        R"({"name":"b","columns":["v","sequence_number"],"points":[[3,7],[4,8]]}])";
    PointNumbers numbers(kNow);
    Options options;
    options.now_ns = kNow;
    const std::vector<std::string> first = dump_lines(text, options, numbers);
    ASSERT_EQ(first.size(), 5u);
    const std::vector<uint32_t> again{1, 4};
    options.again = &again;
    const std::vector<std::string> second = dump_lines(text, options, numbers);
    ASSERT_EQ(second.size(), 2u);
    EXPECT_EQ(second[0].substr(0, 6), "a|v=i:");
    EXPECT_NE(second[0], first[1]);
    EXPECT_EQ(second[0].substr(0, 7), first[1].substr(0, 7));
    EXPECT_EQ(second[1], first[4]);  // a client's number stays
    const auto parsed = series_json::parse(text, options, numbers);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->numbered, 1u);
}

TEST(SeriesJson, SeriesWithoutPointsAreSkipped) {
    EXPECT_EQ(parsed("[]"), "");
    EXPECT_EQ(parsed(R"([{"name":"","columns":["a"],"points":[]},{"name":"s"}])"), "");
    EXPECT_EQ(parsed(R"([{"name":"s","columns":null,"points":null}])"), "");
}

TEST(SeriesJson, MembersComeInAnyOrder) {
    const std::string row = "s x|a b=i:1,sequence_number=i:3|1700000000123456003\n";
    EXPECT_EQ(parsed(R"([{"points":[[1,3]],"columns":["a b","sequence_number"],"name":"s x"}])"),
              "s\\ x|a b=i:1,sequence_number=i:3|1700000000123456003\n");
    EXPECT_EQ(parsed(R"( [ {"other":{"a":[1]},"name":"s","points":[[1,3]],)"
                     R"("columns":["a b","sequence_number"]} ] )"),
              "s" + row.substr(3));
}

TEST(SeriesJson, WordsOfErrors) {
    EXPECT_EQ(one(R"(["a","b"])", "[[1]]"), "invalid payload");
    EXPECT_EQ(one(R"(["a"])", "[[1,2]]"), "invalid payload");
    EXPECT_EQ(parsed(R"([{"name":"s","points":[[1]]}])"), "invalid payload");
    EXPECT_EQ(parsed(R"({"name":"s"})"), "invalid payload");
    EXPECT_EQ(parsed(R"([{"name":5,"columns":["a"],"points":[[1]]}])"), "invalid payload");
    EXPECT_EQ(parsed(R"([{"columns":["a"],"points":[[1]]}])"), "Series name cannot be empty");
    EXPECT_EQ(one(R"(["a","b","a"])", "[[1,2,3]]"), "Cannot have duplicate field names");
    EXPECT_EQ(one(R"([""])", "[[1]]"), "Column name cannot be empty");
    EXPECT_EQ(one(R"(["time","a"])", R"([["x",1]])"), "time field must be float but is string (x)");
    EXPECT_EQ(one(R"(["time","a"])", "[[true,1]]"), "time field must be float but is bool (true)");
    EXPECT_EQ(one(R"(["time","a"])", "[[null,1]]"),
              "time field must be float but is <nil> (<nil>)");
    EXPECT_EQ(one(R"(["sequence_number","a"])", R"([["x",1]])"),
              "sequence_number field must be float but is string (x)");
    EXPECT_EQ(one(R"(["sequence_number","a"])", "[[-1,1]]"),
              "sequence_number must not be negative");
    EXPECT_EQ(one(R"(["a"])", "[[[1]]]"), "Unknown type []interface {}");
    EXPECT_EQ(one(R"(["a"])", R"([[{"x":1}]])"), "Unknown type map[string]interface {}");
    EXPECT_EQ(parsed(""), "EOF");
    EXPECT_EQ(parsed("[] []").substr(0, 13), "invalid JSON:");
    EXPECT_EQ(parsed("[{").substr(0, 13), "invalid JSON:");
    EXPECT_EQ(one(R"(["a"])", "[[01]]").substr(0, 13), "invalid JSON:");
}

TEST(SeriesJson, LimitOfColumns) {
    std::string columns = "[\"c\"";
    for (size_t i = 0; i < series_json::kColumnsMax; ++i)
        columns += ",\"c" + std::to_string(i) + '"';
    EXPECT_EQ(one(columns + "]", "[[1]]"), "a series has more than 4096 columns");
}

}  // namespace
}  // namespace varve
