// SELECT and its clauses, FROM and WHERE of DELETE, too.
#include <algorithm>

#include "query/languages/influxql08/syntax/parser_state.hpp"

namespace varve::query::influxql08 {

SelectStatement Parser::parse_select() {
    SelectStatement out;
    expect(Token::select_word);
    out.columns = parse_values();
    parse_from(out);
    // Either may come first.
    parse_group_by(out);
    parse_where(out);
    if (out.group_by.empty()) parse_group_by(out);
    parse_limit_and_order(out);
    parse_into(out);
    return out;
}

std::string Parser::parse_table_name() {
    if (!at_name()) {
        fail_unexpected({token_name(Token::table_name), token_name(Token::simple_name)});
        return {};
    }
    std::string name = ahead_.text;
    advance();
    if (name.empty()) fail("Series name cannot be empty");
    return name;
}

std::string Parser::parse_alias() {
    return take(Token::as) ? parse_table_name() : std::string();
}

// What stands between the parentheses of merge() and join().
void Parser::parse_from_items(From &from) {
    expect('(');
    if (at(Token::regex) || at(Token::insensitive_regex)) {
        from.regex = parse_regex();
    } else {
        do {
            from.names.push_back({parse_table_name(), parse_alias()});
        } while (take(','));
    }
    expect(')');
}

void Parser::parse_from(SelectStatement &out) {
    From &from = out.from;
    if (!take(Token::from)) return fail_unexpected();
    const size_t begin = ahead_.from;
    if (at(Token::regex) || at(Token::insensitive_regex)) {
        from.regex = parse_regex();
    } else if (take(Token::merge)) {
        from.kind = From::Kind::merge;
        parse_from_items(from);
    } else if (take(Token::join)) {
        from.kind = From::Kind::join;
        parse_from_items(from);
    } else if (!at_name()) {
        fail_unexpected();
    } else {
        from.names.push_back({parse_table_name(), parse_alias()});
        if (take(Token::merge)) {
            from.kind = From::Kind::merge;
            from.names.push_back({parse_table_name(), {}});
        } else if (take(Token::inner)) {
            expect(Token::join);
            from.kind = From::Kind::join;
            from.names.push_back({parse_table_name(), parse_alias()});
        } else if (!from.names[0].alias.empty()) {
            fail_unexpected({token_name(Token::inner)});
        }
        while (from.kind == From::Kind::list && take(',')) {
            from.names.push_back({parse_table_name(), {}});
        }
    }
    if (!failed()) from.text = text_.substr(begin, taken_to_ - begin);
    if (from.kind != From::Kind::join) return;
    for (size_t i = 0; i < from.names.size(); ++i) {
        const bool again = std::any_of(
            from.names.begin(), from.names.begin() + static_cast<ptrdiff_t>(i),
            [&](const TableName &other) { return other.shown() == from.names[i].shown(); });
        if (again) fail("Cannot have the same table joined more than once");
    }
}

void Parser::parse_group_by(SelectStatement &out) {
    if (!take(Token::group)) return;
    expect(Token::by);
    out.group_by = parse_values();
    if (!at(Token::simple_name)) return;
    const Value call = parse_name();
    if (failed()) return;
    if (call.kind != ValueKind::call) return fail_unexpected();
    if (call.text != "fill") return fail("You can't use " + call.text + " with group by");
    if (call.args.size() != 1) return fail("`fill` accepts one argument only");
    out.fill = call.args[0];
}

void Parser::parse_where(SelectStatement &out) {
    if (take(Token::where)) out.where = parse_condition();
}

void Parser::parse_limit_and_order(SelectStatement &out) {
    bool has_limit = false;
    bool has_order = false;
    for (;;) {
        if (!has_limit && take(Token::limit)) {
            has_limit = true;
            out.limit = parse_integer();
        } else if (!has_order && take(Token::order)) {
            has_order = true;
            out.ascending = take(Token::asc);
            if (!out.ascending && !take(Token::desc)) fail_unexpected({"ASC", "DESC"});
        } else {
            return;
        }
    }
}

void Parser::parse_into(SelectStatement &out) {
    if (!at(Token::into)) return;
    ahead_ = scanner_.next_target();
    if (!at(Token::into_name) && !at_name()) return fail_unexpected();
    Into into;
    into.target = ahead_.text;
    advance();
    if (at(Token::simple_name)) {
        const Value call = parse_name();
        if (failed()) return;
        if (call.kind != ValueKind::call) return fail_unexpected();
        if (call.text != "backfill") return fail("You can't use " + call.text + " with into");
        if (call.args.size() != 1) return fail("`backfill` accepts only one argument");
        if (call.args[0].kind != ValueKind::boolean) {
            return fail("`backfill` accepts only bool arguments");
        }
        into.backfill = call.args[0].text[0] == 't' || call.args[0].text[0] == 'T';
    }
    out.into = std::move(into);
}

}  // namespace varve::query::influxql08
