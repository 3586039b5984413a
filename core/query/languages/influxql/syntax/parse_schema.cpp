// SHOW … over the schema, DELETE and DROP SERIES: ON, FROM, WITH KEY, WHERE and the numbers.
#include "query/languages/influxql/syntax/parser_state.hpp"

namespace varve::query::influxql {

using enum Token;
using Kind = StatementKind;

void Parser::parse_delete(Statement &s) {
    if (take(kw_from)) {
        s.sources = parse_sources(false);
        s.condition = parse_condition();
    } else {
        s.condition = parse_condition();
        if (s.condition == nullptr) return fail_found(scan_skipping_space(), {"FROM", "WHERE"});
    }
    check_delete_sources(s);
}

void Parser::parse_drop_series(Statement &s) {
    parse_delete(s);
}

void Parser::check_delete_sources(const Statement &s) {
    for (const Source &source : s.sources) {
        if (!source.retention_policy.empty()) {
            return fail_at("retention policy not supported", {});
        }
        if (!source.database.empty()) return fail_at("database not supported", {});
    }
}

void Parser::parse_on(Statement &s) {
    if (take(kw_on)) s.database = parse_identifier();
}

void Parser::parse_from(Statement &s) {
    if (take(kw_from)) s.sources = parse_sources(false);
}

void Parser::parse_show(Statement &s) {
    switch (s.kind) {
        case Kind::show_retention_policies:
            parse_on(s);
            break;
        case Kind::show_measurements:
            parse_show_measurements(s);
            break;
        case Kind::show_series: {
            s.flag = take(kw_exact);
            if (take(kw_cardinality)) {
                s.kind = Kind::show_series_cardinality;
                return parse_counted(s);
            }
            // As InfluxDB has it, EXACT without CARDINALITY says nothing.
            s.flag = false;
            parse_on(s);
            parse_from(s);
            s.condition = parse_condition();
            s.sort = parse_sort();
            s.limit = parse_optional_number(kw_limit);
            s.offset = parse_optional_number(kw_offset);
            break;
        }
        case Kind::show_tag_keys:
        case Kind::show_field_keys:
            parse_on(s);
            parse_from(s);
            s.condition = parse_condition();
            s.sort = parse_sort();
            s.limit = parse_optional_number(kw_limit);
            s.offset = parse_optional_number(kw_offset);
            if (s.kind == Kind::show_field_keys) break;
            s.slimit = parse_optional_number(kw_slimit);
            s.soffset = parse_optional_number(kw_soffset);
            break;
        case Kind::show_tag_values: {
            const Lexeme next = scan_skipping_space();
            unscan();
            if (next.token == kw_exact || next.token == kw_cardinality) {
                s.kind = Kind::show_tag_values_cardinality;
                return parse_cardinality(s);
            }
            parse_on(s);
            parse_from(s);
            parse_with_key(s);
            s.condition = parse_condition();
            s.sort = parse_sort();
            s.limit = parse_optional_number(kw_limit);
            s.offset = parse_optional_number(kw_offset);
            break;
        }
        case Kind::show_measurement_cardinality:
        case Kind::show_tag_key_cardinality:
        case Kind::show_field_key_cardinality:
            parse_cardinality(s);
            break;
        default:
            break;
    }
}

void Parser::parse_show_measurements(Statement &s) {
    parse_on(s);
    if (take(kw_with)) {
        expect({kw_measurement});
        const Lexeme op = scan_skipping_space();
        if (op.token == eq_regex) {
            const ExprPtr regex = parse_regex();
            if (regex == nullptr && !failed()) fail_found(scan_skipping_space(), {"regex"});
            s.with_measurement.emplace();
            if (regex != nullptr) s.with_measurement->regex = regex->text;
        } else if (op.token == eq) {
            s.with_measurement = parse_source(false);
        } else {
            return fail_found(op, {"=", "=~"});
        }
        s.key_op = op.token;
    }
    s.condition = parse_condition();
    s.sort = parse_sort();
    s.limit = parse_optional_number(kw_limit);
    s.offset = parse_optional_number(kw_offset);
}

void Parser::parse_cardinality(Statement &s) {
    s.flag = take(kw_exact);
    expect({kw_cardinality});
    parse_counted(s);
}

void Parser::parse_counted(Statement &s) {
    parse_on(s);
    parse_from(s);
    if (s.kind == Kind::show_tag_values_cardinality) parse_with_key(s);
    s.condition = parse_condition();
    s.dimensions = parse_dimensions();
    s.limit = parse_optional_number(kw_limit);
    s.offset = parse_optional_number(kw_offset);
}

void Parser::parse_with_key(Statement &s) {
    expect({kw_with, kw_key});
    const Lexeme op = scan_skipping_space();
    s.key_op = op.token;
    switch (op.token) {
        case kw_in: {
            expect({left_paren});
            do {
                s.keys.push_back(parse_identifier());
            } while (take(comma));
            const Lexeme end = scan_skipping_space();
            if (end.token != right_paren) fail_found(end, {")"});
            break;
        }
        case eq:
        case neq:
            s.keys.push_back(parse_identifier());
            break;
        case eq_regex:
        case neq_regex: {
            const ExprPtr regex = parse_regex();
            if (regex != nullptr) {
                s.keys.push_back(regex->text);
            } else if (!failed()) {
                // The grammar wants a regex here; the text of the error says so.
                fail_found(scan_skipping_space(), {"regex"});
            }
            break;
        }
        default:
            fail_found(op, {"IN", "=", "=~"});
            break;
    }
}

}  // namespace varve::query::influxql
