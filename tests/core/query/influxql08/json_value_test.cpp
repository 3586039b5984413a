// Bodies of InfluxDB 0.8's administration.
#include "query/languages/influxql08/admin/json_value.hpp"

#include <gtest/gtest.h>

namespace varve::query::influxql08 {
namespace {

using Kind = JsonValue::Kind;

TEST(JsonValue, OfEveryKind) {
    const auto parsed = parse_json(R"({"t":"x\"\u00e9","b":true,"n":1.5,"z":null,"l":[1,"2"],
                                      "o":{"a":false}})");
    ASSERT_TRUE(parsed.ok()) << parsed.status().text();
    EXPECT_TRUE(parsed->is(Kind::object));
    EXPECT_EQ(parsed->at("t").text, "x\"é");
    EXPECT_TRUE(parsed->at("b").flag);
    EXPECT_EQ(parsed->at("n").number, 1.5);
    EXPECT_TRUE(parsed->at("z").is(Kind::null));
    EXPECT_FALSE(parsed->at("z").is_given());
    ASSERT_EQ(parsed->at("l").items.size(), 2u);
    EXPECT_EQ(parsed->at("l").items[0].number, 1);
    EXPECT_EQ(parsed->at("l").items[1].text, "2");
    EXPECT_TRUE(parsed->at("o").at("a").is(Kind::boolean));
    EXPECT_TRUE(parsed->at("none").is(Kind::absent));
    EXPECT_TRUE(parsed->at("t").at("none").is(Kind::absent));
}

TEST(JsonValue, WhatIsNone) {
    EXPECT_EQ(parse_json("").status().text(), "EOF");
    EXPECT_EQ(parse_json(" \n").status().text(), "EOF");
    for (const std::string text : {"{", "[1", "{\"a\":}", "nonsense", "\"", "{} {}"}) {
        const auto parsed = parse_json(text);
        EXPECT_EQ(parsed.code(), Code::invalid_argument) << text;
    }
    EXPECT_FALSE(parse_json(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace varve::query::influxql08
