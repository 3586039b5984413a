#include "query/languages/influxql08/syntax/parser.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "query/languages/influxql08/syntax/scanner.hpp"
#include "query/languages/influxql08/time_condition.hpp"

namespace varve::query::influxql08 {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

SelectStatement parse_select(const std::string &text) {
    auto parsed = parse_query(text);
    EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status().text();
    if (!parsed.ok()) return {};
    return parsed->front().select;
}

std::string error_of(const std::string &text) {
    const auto parsed = parse_query(text);
    return parsed.ok() ? "no error" : parsed.status().text();
}

std::vector<Token> tokens_of(std::string_view text) {
    Scanner scanner(text);
    std::vector<Token> out;
    for (Lexeme lexeme = scanner.next(); lexeme.token != Token::end; lexeme = scanner.next()) {
        out.push_back(lexeme.token);
    }
    return out;
}

TEST(Influxql08Scanner, WordsAreWhatTheyAreLongestAs) {
    const std::vector<Token> expected{Token::simple_name, Token::table_name, Token::table_name,
                                      Token::integer,     Token::floating,   Token::floating,
                                      Token::duration,    Token::duration,   Token::table_name,
                                      Token::simple_name, Token::boolean,    Token::select_word};
    EXPECT_EQ(tokens_of("ab cpu1.load_one 10.x 10 1.5 .5 5m 1.5h 5m.count 5mm TRUE SELECT"),
              expected);
}

TEST(Influxql08Scanner, SlashIsARegexBehindFromAlone) {
    EXPECT_EQ(tokens_of("a / b from /x\\/y/i"),
              (std::vector<Token>{Token::simple_name, Token::symbol, Token::simple_name,
                                  Token::from, Token::insensitive_regex}));
}

TEST(Influxql08Parser, ClausesInEitherOrder) {
    for (const char *text :
         {"select mean(v) from x group by time(5m), host fill(0) where a > 1 limit 5 order asc",
          "SELECT mean(v) FROM x WHERE a > 1 GROUP BY time(5m), host fill(0) ORDER ASC LIMIT 5;"}) {
        const SelectStatement select = parse_select(text);
        ASSERT_EQ(select.group_by.size(), 2U) << text;
        EXPECT_EQ(select.group_by[0].kind, ValueKind::call);
        EXPECT_EQ(select.group_by[0].args.at(0).text, "5m");
        ASSERT_TRUE(select.fill.has_value());
        EXPECT_EQ(select.fill->text, "0");
        EXPECT_TRUE(select.ascending);
        EXPECT_EQ(select.limit, 5);
        EXPECT_TRUE(select.where.has_value());
    }
}

TEST(Influxql08Parser, From) {
    EXPECT_EQ(parse_select("select a from b, \"c d\", e.f").from.names.size(), 3U);
    EXPECT_EQ(parse_select("select a from b merge c").from.kind, From::Kind::merge);
    EXPECT_EQ(parse_select("select a from merge(b, c, d)").from.names.size(), 3U);
    EXPECT_NE(parse_select("select a from merge(/b/)").from.regex, nullptr);
    EXPECT_NE(parse_select("select a from /b/").from.regex, nullptr);
    const SelectStatement join =
        parse_select("select t.v from threads.total as t inner join idle as i where t.v > 0");
    EXPECT_EQ(join.from.kind, From::Kind::join);
    EXPECT_EQ(join.from.text, "threads.total as t inner join idle as i");
    EXPECT_EQ(join.from.names[0].shown(), "t");
    EXPECT_EQ(join.from.names[1].name, "idle");
}

TEST(Influxql08Parser, Arithmetic) {
    const SelectStatement select =
        parse_select("select a-b, (a + 2*-3) as c, sum(a/b) as d from x");
    EXPECT_EQ(select.columns[0].text, "-");
    EXPECT_EQ(select.columns[1].alias, "c");
    EXPECT_EQ(select.columns[1].args[1].args[1].text, "-3");
    EXPECT_EQ(select.columns[2].alias, "d");
}

TEST(Influxql08Parser, ParenthesesOfConditionsAndOfValues) {
    const SelectStatement select =
        parse_select("select a from x where (a + 1) * 2 > 3 and ((b = 1) or c in (1, 'x'))");
    ASSERT_EQ(select.where->kind, Condition::Kind::logical_and);
    EXPECT_EQ(select.where->sides[0].comparison.text, ">");
    EXPECT_EQ(select.where->sides[1].kind, Condition::Kind::logical_or);
    EXPECT_EQ(select.where->sides[1].sides[1].comparison.args.size(), 3U);
}

TEST(Influxql08Parser, Into) {
    const SelectStatement select = parse_select(
        "select count(c) from p group by time(5s) into :series_name.count.[c2] backfill(false)");
    ASSERT_TRUE(select.into.has_value());
    EXPECT_EQ(select.into->target, ":series_name.count.[c2]");
    EXPECT_FALSE(select.into->backfill);
    EXPECT_EQ(parse_select("select * from a into 5m.count.events").into->target, "5m.count.events");
}

TEST(Influxql08Parser, OtherStatements) {
    const auto parsed = parse_query(
        "list series; list series /x/i include spaces; list continuous queries;"
        "drop series \"a b\"; drop continuous query 3; delete from a where time > 1s;"
        "explain select a from b");
    ASSERT_TRUE(parsed.ok()) << parsed.status().text();
    ASSERT_EQ(parsed->size(), 7U);
    EXPECT_TRUE((*parsed)[1].include_spaces);
    EXPECT_NE((*parsed)[1].regex, nullptr);
    EXPECT_EQ((*parsed)[3].name, "a b");
    EXPECT_EQ((*parsed)[4].id, 3);
    EXPECT_EQ((*parsed)[5].kind, StatementKind::remove);
    EXPECT_EQ((*parsed)[6].kind, StatementKind::select);
    EXPECT_EQ((*parsed)[4].text, "drop continuous query 3");
}

TEST(Influxql08Parser, ErrorsPointAtTheirPlace) {
    EXPECT_EQ(error_of("select from x"),
              "syntax error, unexpected FROM\nselect from x\n       ^^^^");
    EXPECT_EQ(error_of("select a from x limit z"),
              "syntax error, unexpected SIMPLE_NAME, expecting INT_VALUE\n"
              "select a from x limit z\n                      ^");
    EXPECT_EQ(error_of("select a from"),
              "syntax error, unexpected $end\nselect a from\n         ^^^^");
}

TEST(Influxql08Parser, DepthHasALimit) {
    const std::string deep(1000, '(');
    EXPECT_EQ(error_of("select " + deep + "a"), "the query is nested too deeply");
    EXPECT_EQ(error_of("select a from b where " + deep + "a"), "the query is nested too deeply");
    std::string chain = "select a from b where a = 1";
    for (int i = 0; i < 1000; ++i) chain += " or a = 1";
    EXPECT_EQ(error_of(chain), "the query is nested too deeply");
}

TEST(Influxql08Parser, DamagedQueriesAreAnswered) {
    const std::string whole =
        "select a-b, (a + 2*-3) as c, top(a, 2) as d from merge(/x.*/i) where (a + 1) * 2 > 3 and "
        "(b =~ /z\\/y/ or c in (1, 'x')) and time > now() - 1h group by time(1.5h), \"b c\" "
        "fill(0) limit 5 order asc into :series_name.[c] backfill(false); list series /x/";
    size_t parsed = 0;
    for (size_t at = 0; at < whole.size(); ++at) {
        std::string without = whole;
        without.erase(at, 1);
        for (const std::string &text : {whole.substr(0, at), whole.substr(at), without}) {
            const auto statements = parse_query(text);
            if (!statements.ok()) continue;
            for (const Statement &statement : *statements) {
                const auto again = parse_query(statement.text);
                ASSERT_TRUE(again.ok()) << text;
                EXPECT_EQ(again->front().text, statement.text) << text;
                ++parsed;
            }
        }
    }
    EXPECT_GT(parsed, 100U);
}

SplitCondition split(const std::string &where, int64_t now_ns = 1000 * kSecond) {
    const auto out = split_condition(parse_select("select a from x where " + where).where, now_ns);
    EXPECT_TRUE(out.ok()) << where << ": " << out.status().text();
    return out.ok() ? *out : SplitCondition();
}

TEST(Influxql08Time, LimitsAreInTheRange) {
    const SplitCondition both = split("time > 10s and a = 1 and time < 20s");
    EXPECT_EQ(both.range.min_ns, 10 * kSecond);
    EXPECT_EQ(both.range.max_ns, 20 * kSecond + 999);
    ASSERT_TRUE(both.rest.has_value());
    EXPECT_EQ(both.rest->comparison.text, "=");
    EXPECT_EQ(split("now() - 1h < time").range.min_ns, (1000 - 3600) * kSecond);
    EXPECT_EQ(split("time > 1500").range.min_ns, 1000);
    EXPECT_EQ(split("a = 1").range.max_ns, 1000 * kSecond + 999);
}

TEST(Influxql08Time, Texts) {
    EXPECT_EQ(split("time > '1970-01-02'").range.min_ns, 86400 * kSecond);
    EXPECT_EQ(split("time > '1970-01-02 01'").range.min_ns, 90000 * kSecond);
    EXPECT_EQ(split("time > '1970-01-02 01:01'").range.min_ns, 90060 * kSecond);
    EXPECT_EQ(split("time > '1970-01-02 01:01:01.5'").range.min_ns, 90061 * kSecond + kSecond / 2);
}

TEST(Influxql08Time, Durations) {
    EXPECT_EQ(parse_duration("1.5h"), 5400 * kSecond);
    EXPECT_EQ(parse_duration("-2d"), -2 * 86400 * kSecond);
    EXPECT_EQ(parse_duration("1400425947368000000"), 1400425947368000000);
    EXPECT_FALSE(parse_duration("5x").has_value());
    EXPECT_FALSE(parse_duration("99999999999w").has_value());
}

}  // namespace
}  // namespace varve::query::influxql08
