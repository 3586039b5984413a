#include <gtest/gtest.h>

#include "query/encode/json_writer.hpp"
#include "query/encode/number_text.hpp"

namespace varve::query::encode {
namespace {

std::string json(double value) {
    std::string out;
    append_json_float(value, out);
    return out;
}

std::string plain(double value) {
    std::string out;
    append_plain_float(value, out);
    return out;
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(text, out);
    return out;
}

TEST(NumberText, AsGoPrintsIt) {
    EXPECT_EQ(json(0), "0");
    EXPECT_EQ(json(-0.0), "-0");
    EXPECT_EQ(json(1), "1");
    EXPECT_EQ(json(0.1), "0.1");
    EXPECT_EQ(json(1e20), "100000000000000000000");
    EXPECT_EQ(json(1e21), "1e+21");
    EXPECT_EQ(json(-1.5e300), "-1.5e+300");
    EXPECT_EQ(json(0.000001), "0.000001");
    EXPECT_EQ(json(1e-7), "1e-7");
    EXPECT_EQ(json(1.25e-10), "1.25e-10");
    EXPECT_EQ(json(9223372036854775807.0), "9223372036854776000");
    EXPECT_EQ(plain(1e21), "1000000000000000000000");
    EXPECT_EQ(plain(1e-7), "0.0000001");
    EXPECT_EQ(plain(4.5e15), "4500000000000000");
}

TEST(JsonText, Escapes) {
    EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quoted("<&>"), R"("\u003c\u0026\u003e")");
    EXPECT_EQ(quoted("\n\r\t\x01\x7f"), "\"\\n\\r\\t\\u0001\x7f\"");
    EXPECT_EQ(quoted("é☃😀"), "\"é☃😀\"");
    EXPECT_EQ(quoted("\xE2\x80\xA8"), R"("\u2028")");
    EXPECT_EQ(quoted("a\xFF\xC3"), R"("a\ufffd\ufffd")");
    EXPECT_EQ(quoted("\xC0\x80\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd\ufffd\ufffd")");
}

TEST(JsonText, PrettyEmptyListsStayOnOneLine) {
    JsonWriter writer(true);
    writer.begin_object();
    writer.key("a");
    writer.begin_array();
    writer.end_array();
    writer.key("b");
    writer.null();
    writer.end_object();
    EXPECT_EQ(writer.bytes(), "{\n    \"a\": [],\n    \"b\": null\n}");
}

}  // namespace
}  // namespace varve::query::encode
