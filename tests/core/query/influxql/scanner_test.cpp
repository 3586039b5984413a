#include "query/languages/influxql/syntax/scanner.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace varve::query::influxql {
namespace {

std::vector<std::pair<Token, std::string>> scan_all(std::string_view text) {
    Scanner scanner(text);
    std::vector<std::pair<Token, std::string>> out;
    for (;;) {
        Lexeme lexeme = scanner.scan();
        if (lexeme.token == Token::end_of_input) return out;
        if (lexeme.token != Token::white_space) out.emplace_back(lexeme.token, lexeme.text);
    }
}

using Tokens = std::vector<std::pair<Token, std::string>>;

TEST(Scanner, NumbersAndDurations) {
    EXPECT_EQ(scan_all("1 1.5 .5 2. 10s 1h30m 5µ 1e3"), (Tokens{{Token::integer, "1"},
                                                                {Token::number, "1.5"},
                                                                {Token::number, ".5"},
                                                                {Token::number, "2"},
                                                                {Token::duration, "10s"},
                                                                {Token::duration, "1h30m"},
                                                                {Token::duration, "5µ"},
                                                                {Token::duration, "1e3"}}));
}

TEST(Scanner, ANulIsPassedBehindWordsSpaceAndComments) {
    const auto scanned = [](std::string text) {  // # stands for a NUL
        std::replace(text.begin(), text.end(), '#', static_cast<char>(0));
        return scan_all(text);
    };
    EXPECT_EQ(scanned("sel#ect v"), (Tokens{{Token::kw_select, ""}, {Token::identifier, "v"}}));
    EXPECT_EQ(scanned("a #b"), (Tokens{{Token::identifier, "a"}, {Token::identifier, "b"}}));
    EXPECT_EQ(scanned("-- a#b"), (Tokens{{Token::comment, ""}, {Token::identifier, "b"}}));
    EXPECT_EQ(scanned("1#b"), (Tokens{{Token::integer, "1"}}));
    EXPECT_EQ(scanned("a,#b"), (Tokens{{Token::identifier, "a"}, {Token::comma, ""}}));
    EXPECT_EQ(scanned("'a#b'"), (Tokens{{Token::bad_string, "a"}}));
    EXPECT_EQ(scanned("a#"), (Tokens{{Token::identifier, "a"}}));
}

TEST(Scanner, QuotedWordsAreNeverKeywords) {
    EXPECT_EQ(scan_all("Select \"select\" fill"), (Tokens{{Token::kw_select, ""},
                                                          {Token::identifier, "select"},
                                                          {Token::identifier, "fill"}}));
}

TEST(Scanner, EveryKeywordIsFoundInAnyCase) {
    for (auto token = static_cast<int>(Token::kw_all); token <= static_cast<int>(Token::kw_write);
         ++token) {
        const auto keyword = static_cast<Token>(token);
        std::string word(token_text(keyword));
        EXPECT_EQ(lookup_keyword(word), keyword) << word;
        for (char &c : word) c = static_cast<char>(std::tolower(c));
        EXPECT_EQ(lookup_keyword(word), keyword) << word;
    }
}

TEST(Scanner, Operators) {
    EXPECT_EQ(scan_all("=~ !~ != <> <= >= :: : !"), (Tokens{{Token::eq_regex, ""},
                                                            {Token::neq_regex, ""},
                                                            {Token::neq, ""},
                                                            {Token::neq, ""},
                                                            {Token::lte, ""},
                                                            {Token::gte, ""},
                                                            {Token::double_colon, ""},
                                                            {Token::colon, ""},
                                                            {Token::illegal, "!"}}));
}

TEST(Scanner, LinesEndInAnyWay) {
    Scanner scanner("a\r\nb\rc");
    Lexeme last;
    for (int i = 0; i < 5; ++i) last = scanner.scan();
    EXPECT_EQ(last.text, "c");
    EXPECT_EQ(last.position.line, 2U);
    EXPECT_EQ(last.position.column, 0U);
}

TEST(Scanner, RegexUnescapesOnlySlashes) {
    Scanner scanner(R"(/a\/b\d\\/)");
    EXPECT_EQ(scanner.scan_regex().text, R"(a/b\d\\)");
}

}  // namespace
}  // namespace varve::query::influxql
