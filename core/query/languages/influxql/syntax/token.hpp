// The words of InfluxQL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::query::influxql {

enum class Token : uint8_t {
    illegal,
    end_of_input,
    white_space,
    comment,
    // literals
    identifier,
    bound_parameter,
    number,
    integer,
    duration,
    string,
    bad_string,
    bad_escape,
    true_literal,
    false_literal,
    regex,
    bad_regex,
    // operators, in the order of op_precedence()
    add,
    sub,
    mul,
    div,
    mod,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    and_op,
    or_op,
    eq,
    neq,
    eq_regex,
    neq_regex,
    lt,
    lte,
    gt,
    gte,
    // punctuation
    left_paren,
    right_paren,
    comma,
    colon,
    double_colon,
    semicolon,
    dot,
    // keywords, alphabetical
    kw_all,
    kw_alter,
    kw_analyze,
    kw_any,
    kw_as,
    kw_asc,
    kw_begin,
    kw_by,
    kw_cardinality,
    kw_continuous,
    kw_create,
    kw_database,
    kw_databases,
    kw_default,
    kw_delete,
    kw_desc,
    kw_destinations,
    kw_diagnostics,
    kw_distinct,
    kw_drop,
    kw_duration,
    kw_end,
    kw_every,
    kw_exact,
    kw_explain,
    kw_field,
    kw_for,
    kw_from,
    kw_grant,
    kw_grants,
    kw_group,
    kw_groups,
    kw_in,
    kw_inf,
    kw_insert,
    kw_into,
    kw_key,
    kw_keys,
    kw_kill,
    kw_limit,
    kw_measurement,
    kw_measurements,
    kw_name,
    kw_offset,
    kw_on,
    kw_order,
    kw_password,
    kw_policies,
    kw_policy,
    kw_privileges,
    kw_queries,
    kw_query,
    kw_read,
    kw_replication,
    kw_resample,
    kw_retention,
    kw_revoke,
    kw_select,
    kw_series,
    kw_set,
    kw_shard,
    kw_shards,
    kw_show,
    kw_slimit,
    kw_soffset,
    kw_stats,
    kw_subscription,
    kw_subscriptions,
    kw_tag,
    kw_to,
    kw_user,
    kw_users,
    kw_values,
    kw_where,
    kw_with,
    kw_write,
};

// As error texts and printed statements show it.
std::string_view token_text(Token token);

// The keyword this word is, in any case (also and, or, true, false); else Token::identifier.
Token lookup_keyword(std::string_view word);

inline bool is_operator(Token token) {
    return token >= Token::add && token <= Token::gte;
}
inline bool is_regex_operator(Token token) {
    return token == Token::eq_regex || token == Token::neq_regex;
}
// OR 1, AND 2, comparisons 3, + - | ^ 4, * / % & 5; 0 = no operator.
int operator_precedence(Token token);

}  // namespace varve::query::influxql
