#include "cli/export/line_writer.hpp"

#include <gtest/gtest.h>

namespace varve::cli {
namespace {

const std::vector<ExportField> kFields = {{"f", FieldType::float64},
                                          {"i", FieldType::int64},
                                          {"u", FieldType::uint64},
                                          {"s", FieldType::string},
                                          {"b", FieldType::boolean}};

std::string series(const std::string &tags, const std::string &values) {
    return R"({"results":[{"statement_id":0,"series":[{"name":"m",)" + tags +
           R"("columns":["time","f","i","u","s","b"],"values":[)" + values + "]}]}]}\n";
}

std::string lines(const std::string &document, std::string_view measurement = "m") {
    std::string out = "before\n";
    const auto written = append_lines(document, measurement, kFields, out);
    if (!written.ok()) return out + written.status().text();
    return out.substr(7);
}

TEST(LineWriter, EveryTypeWithTheServersDigits) {
    EXPECT_EQ(lines(series("",
                           "[-5,-0,-9223372036854775808,18446744073709551615,\"x\",true],"
                           "[7,1e+300,0,0,\"\",false],[8,0.1,null,null,null,null]")),
              "m f=-0,i=-9223372036854775808i,u=18446744073709551615u,s=\"x\",b=true -5\n"
              "m f=1e+300,i=0i,u=0u,s=\"\",b=false 7\n"
              "m f=0.1 8\n");
}

TEST(LineWriter, EscapesEveryPlace) {
    const std::vector<ExportField> fields = {{"a b,c=d", FieldType::string}};
    std::string out;
    const auto written =
        append_lines(R"({"results":[{"series":[{"tags":{"z":"1","k e,y=":"v a,l=\"\\x","none":""},)"
                     R"("columns":["time","x"],"values":[[1,"say \"hi\" \\ é\nnext"]]}]}]})",
                     "m x,y=z", fields, out);
    ASSERT_TRUE(written.ok()) << written.status().text();
    EXPECT_EQ(out,
              "m\\ x\\,y=z,k\\ e\\,y\\==v\\ a\\,l\\=\"\\x,z=1 "
              "a\\ b\\,c\\=d=\"say \\\"hi\\\" \\\\ é\nnext\" 1\n");
    EXPECT_EQ(written->rows, 1U);
    EXPECT_FALSE(written->more);
}

TEST(LineWriter, RowsWithoutValuesAreNoLines) {
    EXPECT_EQ(lines(series("", "[1,null,null,null,null,null]")), "");
}

TEST(LineWriter, SaysWhetherMoreFollows) {
    std::string out;
    const auto written = append_lines(
        R"({"results":[{"series":[{"name":"m","columns":["time","f"],"values":[[1,2]],)"
        R"("partial":true}],"partial":true}]})",
        "m", {{"f", FieldType::float64}}, out);
    ASSERT_TRUE(written.ok());
    EXPECT_TRUE(written->more);
}

TEST(LineWriter, ErrorsLeaveTheOutputAsItWas) {
    EXPECT_EQ(lines(R"({"error":"database not found: x"})"), "before\ndatabase not found: x");
    EXPECT_EQ(lines(R"({"results":[{"error":"timeout"}]})"), "before\ntimeout");
    const std::string unreadable = "before\nthe server's answer is no JSON of a query: ";
    for (const std::string &bad :
         {std::string("nonsense"), std::string("{}"), std::string("{\"results\":[{\"series\":[{"),
          series("", "[1,2]"), series("", "[1,\"text\",0,0,\"\",true]"),
          series("", "[1,1,0,0,\"\",true],[2,1,0,0,5,true]")}) {
        EXPECT_TRUE(lines(bad).starts_with(unreadable)) << bad << " gave " << lines(bad);
    }
}

TEST(FieldTypes, HaveTheirNames) {
    for (const char *name : {"float", "integer", "unsigned", "string", "boolean"}) {
        const auto type = parse_field_type(name);
        ASSERT_TRUE(type.ok()) << name;
        EXPECT_EQ(name_of(*type), name);
    }
    EXPECT_EQ(parse_field_type("decimal").status().text(), "unknown field type \"decimal\"");
}

}  // namespace
}  // namespace varve::cli
