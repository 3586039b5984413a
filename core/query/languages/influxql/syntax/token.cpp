#include "query/languages/influxql/syntax/token.hpp"

#include <algorithm>
#include <array>

namespace varve::query::influxql {

namespace {

constexpr size_t kFirstKeyword = static_cast<size_t>(Token::kw_all);

constexpr std::array<std::string_view, kFirstKeyword> kTexts{
    "ILLEGAL", "EOF",         "WS",     "COMMENT",   "IDENT",     "BOUNDPARAM", "NUMBER",
    "INTEGER", "DURATIONVAL", "STRING", "BADSTRING", "BADESCAPE", "TRUE",       "FALSE",
    "REGEX",   "BADREGEX",    "+",      "-",         "*",         "/",          "%",
    "&",       "|",           "^",      "AND",       "OR",        "=",          "!=",
    "=~",      "!~",          "<",      "<=",        ">",         ">=",         "(",
    ")",       ",",           ":",      "::",        ";",         "."};

// In the order of the enumeration, which is alphabetical.
constexpr auto kKeywords = std::to_array<std::string_view>(
    {"ALL",          "ALTER",        "ANALYZE",      "ANY",
     "AS",           "ASC",          "BEGIN",        "BY",
     "CARDINALITY",  "CONTINUOUS",   "CREATE",       "DATABASE",
     "DATABASES",    "DEFAULT",      "DELETE",       "DESC",
     "DESTINATIONS", "DIAGNOSTICS",  "DISTINCT",     "DROP",
     "DURATION",     "END",          "EVERY",        "EXACT",
     "EXPLAIN",      "FIELD",        "FOR",          "FROM",
     "GRANT",        "GRANTS",       "GROUP",        "GROUPS",
     "IN",           "INF",          "INSERT",       "INTO",
     "KEY",          "KEYS",         "KILL",         "LIMIT",
     "MEASUREMENT",  "MEASUREMENTS", "NAME",         "OFFSET",
     "ON",           "ORDER",        "PASSWORD",     "POLICIES",
     "POLICY",       "PRIVILEGES",   "QUERIES",      "QUERY",
     "READ",         "REPLICATION",  "RESAMPLE",     "RETENTION",
     "REVOKE",       "SELECT",       "SERIES",       "SET",
     "SHARD",        "SHARDS",       "SHOW",         "SLIMIT",
     "SOFFSET",      "STATS",        "SUBSCRIPTION", "SUBSCRIPTIONS",
     "TAG",          "TO",           "USER",         "USERS",
     "VALUES",       "WHERE",        "WITH",         "WRITE"});
static_assert(kFirstKeyword + kKeywords.size() == static_cast<size_t>(Token::kw_write) + 1);

constexpr size_t kKeywordSizeMax = 13;

}  // namespace

std::string_view token_text(Token token) {
    const auto position = static_cast<size_t>(token);
    return position < kFirstKeyword ? kTexts[position] : kKeywords[position - kFirstKeyword];
}

Token lookup_keyword(std::string_view word) {
    if (word.size() > kKeywordSizeMax) return Token::identifier;
    std::string upper(word);
    for (char &c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    const auto found = std::lower_bound(kKeywords.begin(), kKeywords.end(), upper);
    if (found != kKeywords.end() && *found == upper) {
        return static_cast<Token>(kFirstKeyword + static_cast<size_t>(found - kKeywords.begin()));
    }
    if (upper == "AND") return Token::and_op;
    if (upper == "OR") return Token::or_op;
    if (upper == "TRUE") return Token::true_literal;
    if (upper == "FALSE") return Token::false_literal;
    return Token::identifier;
}

int operator_precedence(Token token) {
    switch (token) {
        case Token::or_op:
            return 1;
        case Token::and_op:
            return 2;
        case Token::eq:
        case Token::neq:
        case Token::eq_regex:
        case Token::neq_regex:
        case Token::lt:
        case Token::lte:
        case Token::gt:
        case Token::gte:
            return 3;
        case Token::add:
        case Token::sub:
        case Token::bitwise_or:
        case Token::bitwise_xor:
            return 4;
        case Token::mul:
        case Token::div:
        case Token::mod:
        case Token::bitwise_and:
            return 5;
        default:
            return 0;
    }
}

}  // namespace varve::query::influxql
