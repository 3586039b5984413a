// Statements by their first words, and all that define or change something.
#include <algorithm>
#include <cctype>
#include <limits>
#include <span>

#include "model/duration.hpp"
#include "query/languages/influxql/syntax/parser_state.hpp"

namespace varve::query::influxql {

namespace {

// The first words of every statement, in the order in which error texts list them.
struct Opening {
    std::vector<Token> words;
    StatementKind kind;
    bool is_extension = false;  // not listed in error texts
};

using enum Token;
using Kind = StatementKind;

const std::vector<Opening> &openings() {
    static const std::vector<Opening> table{
        {{kw_select}, Kind::select},
        {{kw_delete}, Kind::delete_points},
        {{kw_show, kw_continuous, kw_queries}, Kind::show_continuous_queries},
        {{kw_show, kw_databases}, Kind::show_databases},
        {{kw_show, kw_diagnostics}, Kind::show_diagnostics},
        {{kw_show, kw_field, kw_key, kw_exact}, Kind::show_field_key_cardinality},
        {{kw_show, kw_field, kw_key, kw_cardinality}, Kind::show_field_key_cardinality},
        {{kw_show, kw_field, kw_keys}, Kind::show_field_keys},
        {{kw_show, kw_grants, kw_for}, Kind::show_grants},
        {{kw_show, kw_measurement, kw_exact}, Kind::show_measurement_cardinality},
        {{kw_show, kw_measurement, kw_cardinality}, Kind::show_measurement_cardinality},
        {{kw_show, kw_measurements}, Kind::show_measurements},
        {{kw_show, kw_queries}, Kind::show_queries},
        {{kw_show, kw_retention, kw_policies}, Kind::show_retention_policies},
        {{kw_show, kw_series}, Kind::show_series},
        {{kw_show, kw_shard, kw_groups}, Kind::show_shard_groups},
        {{kw_show, kw_shards}, Kind::show_shards},
        {{kw_show, kw_stats}, Kind::show_stats},
        {{kw_show, kw_subscriptions}, Kind::show_subscriptions},
        {{kw_show, kw_tag, kw_key, kw_exact}, Kind::show_tag_key_cardinality},
        {{kw_show, kw_tag, kw_key, kw_cardinality}, Kind::show_tag_key_cardinality},
        {{kw_show, kw_tag, kw_keys}, Kind::show_tag_keys},
        {{kw_show, kw_tag, kw_values}, Kind::show_tag_values},
        {{kw_show, kw_users}, Kind::show_users},
        {{kw_create, kw_continuous, kw_query}, Kind::create_continuous_query},
        {{kw_create, kw_database}, Kind::create_database},
        {{kw_create, kw_user}, Kind::create_user},
        {{kw_create, kw_retention, kw_policy}, Kind::create_retention_policy},
        {{kw_create, kw_subscription}, Kind::create_subscription},
        {{kw_drop, kw_continuous, kw_query}, Kind::drop_continuous_query},
        {{kw_drop, kw_database}, Kind::drop_database},
        {{kw_drop, kw_measurement}, Kind::drop_measurement},
        {{kw_drop, kw_retention, kw_policy}, Kind::drop_retention_policy},
        {{kw_drop, kw_series}, Kind::drop_series},
        {{kw_drop, kw_shard}, Kind::drop_shard},
        {{kw_drop, kw_subscription}, Kind::drop_subscription},
        {{kw_drop, kw_user}, Kind::drop_user},
        {{kw_explain}, Kind::explain},
        {{kw_grant}, Kind::grant},
        {{kw_revoke}, Kind::revoke},
        {{kw_alter, kw_retention, kw_policy}, Kind::alter_retention_policy},
        {{kw_alter, kw_database}, Kind::alter_database, true},
        {{kw_alter, kw_measurement}, Kind::alter_measurement, true},
        {{kw_set, kw_password, kw_for}, Kind::set_password},
        {{kw_kill, kw_query}, Kind::kill_query}};
    return table;
}

}  // namespace

Statement Parser::parse_statement() {
    std::vector<Token> words;
    for (;;) {
        const Lexeme lexeme = scan_skipping_space();
        std::vector<std::string_view> expected;
        bool goes_on = false;
        for (const Opening &opening : openings()) {
            const std::span<const Token> all(opening.words);
            if (all.size() <= words.size() ||
                !std::equal(words.begin(), words.end(), all.begin())) {
                continue;
            }
            const Token next = all[words.size()];
            const std::string_view text = token_text(next);
            const bool is_new = expected.empty() || expected.back() != text;
            if (is_new && !opening.is_extension) expected.push_back(text);
            if (next != lexeme.token) continue;
            goes_on = true;
            if (all.size() == words.size() + 1) {
                // EXACT and CARDINALITY, and what follows, are the body's.
                if (next == kw_exact || next == kw_cardinality) unscan();
                return parse_body(opening.kind);
            }
            break;
        }
        if (!goes_on) {
            fail_found(lexeme, expected);
            return {};
        }
        words.push_back(lexeme.token);
    }
}

Statement Parser::parse_body(StatementKind kind) {
    Statement s;
    s.kind = kind;
    switch (kind) {
        case Kind::select:
            s.select = parse_select(TargetRule::optional);
            break;
        case Kind::explain: {
            s.flag = take(kw_analyze);
            const Lexeme word = scan_skipping_space();
            if (word.token != kw_select) fail_found(word, {"SELECT"});
            s.select = parse_select(TargetRule::optional);
            break;
        }
        case Kind::delete_points:
            parse_delete(s);
            break;
        case Kind::drop_series:
            parse_drop_series(s);
            break;
        case Kind::create_database:
            parse_create_database(s);
            break;
        case Kind::create_retention_policy:
            parse_create_policy(s);
            break;
        case Kind::alter_retention_policy:
            parse_alter_policy(s);
            break;
        case Kind::alter_database:
        case Kind::alter_measurement:
            parse_rename(s);
            break;
        case Kind::create_user:
            parse_create_user(s);
            break;
        case Kind::create_subscription:
            parse_create_subscription(s);
            break;
        case Kind::create_continuous_query:
            parse_create_continuous_query(s);
            break;
        case Kind::grant:
        case Kind::revoke:
            parse_privileges(s);
            break;
        default:
            if (!parse_named(s)) parse_show(s);
            break;
    }
    return s;
}

// Statements that are a name or a number and little more; false = it is none of these.
bool Parser::parse_named(Statement &s) {
    switch (s.kind) {
        case Kind::drop_continuous_query:
        case Kind::drop_retention_policy:
            parse_name_on_database(s);
            return true;
        case Kind::drop_subscription:
            parse_name_on_database(s);
            expect({dot});
            s.retention_policy = parse_identifier();
            return true;
        case Kind::drop_database:
        case Kind::drop_measurement:
        case Kind::drop_user:
        case Kind::show_grants:
            s.name = parse_identifier();
            return true;
        case Kind::drop_shard:
            s.number = parse_uint64();
            return true;
        case Kind::kill_query:
            s.number = parse_uint64();
            if (take(kw_on)) s.text = parse_identifier();
            return true;
        case Kind::set_password:
            s.name = parse_identifier();
            expect({eq});
            s.text = parse_string();
            return true;
        case Kind::show_stats:
        case Kind::show_diagnostics:
            if (take(kw_for)) s.text = parse_string();
            return true;
        default:
            return false;
    }
}

void Parser::parse_name_on_database(Statement &s) {
    s.name = parse_identifier();
    expect({kw_on});
    s.database = parse_identifier();
}

void Parser::parse_create_database(Statement &s) {
    s.name = parse_identifier();
    if (!take(kw_with)) return;
    s.has_with = true;
    const Lexeme first = scan_skipping_space();
    switch (first.token) {
        case kw_duration:
        case kw_name:
        case kw_replication:
        case kw_shard:
            unscan();
            break;
        default:
            unscan();
            if (parse_storage_options(s)) return;
            return fail_found(first, {"DURATION", "NAME", "REPLICATION", "SHARD"});
    }
    if (take(kw_duration)) s.duration_ns = parse_duration();
    if (take(kw_replication)) {
        s.replication = parse_integer(1, std::numeric_limits<int32_t>::max());
    }
    if (take(kw_shard)) {
        expect({kw_duration});
        // There is no infinite shard; what is zero takes the default.
        s.shard_duration_ns = parse_duration();
    }
    if (take(kw_name)) s.retention_policy = parse_identifier();
    parse_storage_options(s);
}

void Parser::parse_create_policy(Statement &s) {
    parse_name_on_database(s);
    expect({kw_duration});
    s.duration_ns = parse_duration();
    expect({kw_replication});
    s.replication = parse_integer(1, std::numeric_limits<int32_t>::max());
    if (take(kw_shard)) {
        expect({kw_duration});
        const Lexeme next = scan_skipping_space();
        if (next.token == kw_inf) {
            return fail_at("invalid duration INF for shard duration", next.position);
        }
        unscan();
        s.shard_duration_ns = parse_duration();
    }
    s.flag = take(kw_default);
}

void Parser::parse_alter_policy(Statement &s) {
    const Lexeme name = scan_skipping_space();
    if (name.token == kw_default) {
        s.name = "default";
    } else if (name.token == identifier) {
        s.name = name.text;
    } else {
        return fail_found(name, {"identifier"});
    }
    expect({kw_on});
    s.database = parse_identifier();
    for (bool first = true; !failed(); first = false) {
        const Lexeme option = scan_skipping_space();
        const auto repeated = [&](bool is) {
            if (is)
                fail_at("found duplicate " + std::string(token_text(option.token)) + " option",
                        option.position);
        };
        if (option.token == kw_duration) {
            repeated(s.duration_ns.has_value());
            s.duration_ns = parse_duration();
        } else if (option.token == kw_replication) {
            repeated(s.replication.has_value());
            s.replication = parse_integer(1, std::numeric_limits<int32_t>::max());
        } else if (option.token == kw_shard) {
            repeated(s.shard_duration_ns.has_value());
            expect({kw_duration});
            const Lexeme next = scan_skipping_space();
            if (next.token == kw_inf) {
                return fail_at("invalid duration INF for shard duration", next.position);
            }
            unscan();
            s.shard_duration_ns = parse_duration();
        } else if (option.token == kw_default) {
            repeated(s.flag);
            s.flag = true;
        } else if (first) {
            return fail_found(option, {"DURATION", "REPLICATION", "SHARD", "DEFAULT"});
        } else {
            return unscan();
        }
    }
}

void Parser::parse_create_user(Statement &s) {
    s.name = parse_identifier();
    expect({kw_with, kw_password});
    s.text = parse_string();
    if (!take(kw_with)) return;
    expect({kw_all, kw_privileges});
    s.flag = true;
}

void Parser::parse_create_subscription(Statement &s) {
    parse_name_on_database(s);
    expect({dot});
    s.retention_policy = parse_identifier();
    expect({kw_destinations});
    const Lexeme mode = scan_skipping_space();
    if (mode.token != kw_all && mode.token != kw_any) return fail_found(mode, {"ALL", "ANY"});
    s.flag = mode.token == kw_all;
    do {
        s.destinations.push_back(parse_string());
    } while (take(comma));
}

void Parser::parse_create_continuous_query(Statement &s) {
    parse_name_on_database(s);
    if (take(kw_resample)) {
        if (take(kw_every)) s.resample_every_ns = parse_duration();
        if (take(kw_for)) s.resample_for_ns = parse_duration();
        for (std::optional<int64_t> *duration : {&s.resample_every_ns, &s.resample_for_ns}) {
            if (*duration == 0) duration->reset();  // as if it were not there
        }
        if (!s.resample_every_ns && !s.resample_for_ns) {
            return fail_found(scan_skipping_space(), {"EVERY", "FOR"});
        }
    }
    expect({kw_begin, kw_select});
    s.select = parse_select(TargetRule::required);
    if (!failed()) check_continuous_query(s);
    expect({kw_end});
}

namespace {

bool groups_by_months(const SelectStatement &select) {
    return std::any_of(
        select.dimensions.begin(), select.dimensions.end(), [](const ExprPtr &dimension) {
            return dimension->kind == ExprKind::call && dimension->text == "time" &&
                   !dimension->args.empty() && dimension->args[0]->kind == ExprKind::months;
        });
}

}  // namespace

void Parser::check_continuous_query(const Statement &s) {
    if (groups_by_months(*s.select)) {
        return fail("a continuous query cannot group by calendar months");
    }
    bool aggregates = false;
    for (const Field &field : s.select->fields) aggregates = aggregates || has_call(*field.expr);
    const int64_t interval_ns = group_time(*s.select).interval_ns;
    if (aggregates && interval_ns == 0) {
        return fail_found(last_lexeme(), {"GROUP BY time(...)"});
    }
    if (!s.resample_for_ns) return;
    const int64_t least_ns = std::max(interval_ns, s.resample_every_ns.value_or(0));
    if (*s.resample_for_ns < least_ns) {
        fail("FOR duration must be >= GROUP BY time duration: must be a minimum of " +
             format_influx_duration(least_ns) + ", got " +
             format_influx_duration(*s.resample_for_ns));
    }
}

void Parser::parse_privileges(Statement &s) {
    const Lexeme what = scan_skipping_space();
    switch (what.token) {
        case kw_read:
            s.privilege = Privilege::read;
            break;
        case kw_write:
            s.privilege = Privilege::write;
            break;
        case kw_all:
            s.privilege = Privilege::all;
            take(kw_privileges);
            break;
        default:
            return fail_found(what, {"READ", "WRITE", "ALL [PRIVILEGES]"});
    }
    const Token to = s.kind == Kind::grant ? kw_to : kw_from;
    if (take(kw_on)) {
        s.database = parse_identifier();
        expect({to});
    } else {
        const Lexeme found = scan_skipping_space();
        if (s.privilege != Privilege::all) return fail_found(found, {"ON"});
        if (found.token != to) return fail_found(found, {"ON", token_text(to)});
    }
    s.user = parse_identifier();
}

}  // namespace varve::query::influxql
