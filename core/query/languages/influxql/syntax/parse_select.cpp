// SELECT and its clauses.
#include "query/languages/influxql/syntax/parser_state.hpp"

namespace varve::query::influxql {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char &c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

// The first operator that has no place in a field; illegal = none.
Token misplaced_operator(const Expr &expr) {
    if (expr.kind == ExprKind::binary) {
        const int precedence = operator_precedence(expr.op);
        if (precedence <= 3) return expr.op;
    }
    for (const ExprPtr &arg : expr.args) {
        const Token found = misplaced_operator(*arg);
        if (found != Token::illegal) return found;
    }
    return Token::illegal;
}

}  // namespace

std::shared_ptr<const SelectStatement> Parser::parse_select(TargetRule rule) {
    if (++nesting_ > kNestingMax) fail("expression is nested too deeply");
    auto select = std::make_shared<SelectStatement>();
    do {
        select->fields.push_back(parse_field());
    } while (take(Token::comma));
    select->target = parse_target(rule);
    const Lexeme from = scan_skipping_space();
    if (from.token != Token::kw_from) fail_found(from, {"FROM"});
    select->sources = parse_sources(true);
    select->condition = parse_condition();
    select->dimensions = parse_dimensions();
    select->fill = parse_fill();
    select->having = parse_having();
    parse_order(*select);
    select->limit = parse_optional_number(Token::kw_limit);
    select->offset = parse_optional_number(Token::kw_offset);
    select->slimit = parse_optional_number(Token::kw_slimit);
    select->soffset = parse_optional_number(Token::kw_soffset);
    parse_zone(*select);
    --nesting_;
    return select;
}

Field Parser::parse_field() {
    Field field;
    field.expr = parse_regex();
    if (field.expr == nullptr) {
        const Lexeme first = scan_skipping_space();
        unscan();
        field.expr = parse_expr();
        if (failed()) return field;
        const Token bad = misplaced_operator(*field.expr);
        if (bad != Token::illegal) {
            fail("invalid operator " + std::string(token_text(bad)) + " in SELECT clause at line " +
                 std::to_string(first.position.line + 1) + ", char " +
                 std::to_string(first.position.column + 1) +
                 "; operator is intended for WHERE clause");
        }
    }
    if (take(Token::kw_as)) field.alias = parse_identifier();
    return field;
}

std::optional<Source> Parser::parse_target(TargetRule rule) {
    const Lexeme into = scan_skipping_space();
    if (into.token != Token::kw_into) {
        if (rule == TargetRule::required) fail_found(into, {"INTO"});
        unscan();
        return std::nullopt;
    }
    std::vector<std::string> segments = parse_segments();
    if (segments.size() < 3 && scanner_.peek() == ':') {
        expect({Token::colon, Token::kw_measurement});
        segments.emplace_back();
    }
    Source target;
    target.name = segments.back();
    if (segments.size() > 1) target.retention_policy = segments[segments.size() - 2];
    if (segments.size() > 2) target.database = segments[0];
    return target;
}

std::vector<Source> Parser::parse_sources(bool subqueries) {
    std::vector<Source> sources;
    do {
        Source source = parse_source(subqueries);
        sources.push_back(subqueries ? parse_joins(std::move(source)) : std::move(source));
    } while (take(Token::comma));
    return sources;
}

// The source with what is joined to it, from left to right; without JOIN, the source alone.
Source Parser::parse_joins(Source left) {
    const Cursor behind_source = scanner_.cursor();
    parse_alias(left);
    if (failed() || !take_word("join")) {
        if (!failed()) scanner_.seek(behind_source);
        left.alias.clear();
        return left;
    }
    if (++nesting_ > kNestingMax) fail("expression is nested too deeply");
    auto join = std::make_shared<Join>();
    join->left = std::move(left);
    join->right = parse_source(true);
    parse_alias(join->right);
    expect({Token::kw_on});
    if (!take_word("time")) fail_found(scan_skipping_space(), {"time"});
    while (take(Token::comma)) join->tags.push_back(parse_identifier());
    Source joined;
    joined.join = std::move(join);
    joined = parse_joins(std::move(joined));
    --nesting_;
    return joined;
}

void Parser::parse_alias(Source &side) {
    if (take(Token::kw_as)) side.alias = parse_identifier();
}

ExprPtr Parser::parse_having() {
    return take_word("having") ? parse_expr() : nullptr;
}

Source Parser::parse_source(bool subqueries) {
    Source source;
    if (const ExprPtr regex = parse_regex()) {
        source.regex = regex->text;
        return source;
    }
    if (subqueries && take(Token::left_paren)) {
        expect({Token::kw_select});
        source.subquery = parse_select(TargetRule::optional);
        expect({Token::right_paren});
        return source;
    }
    skip_space();
    bool ends_in_dot = false;
    std::vector<std::string> segments = parse_segments(&ends_in_dot);
    if (ends_in_dot && segments.size() < 3) {
        if (const ExprPtr regex = parse_regex()) {
            source.regex = regex->text;
            segments.emplace_back();
        }
    }
    source.name = segments.back();
    if (segments.size() > 1) source.retention_policy = segments[segments.size() - 2];
    if (segments.size() > 2) source.database = segments[0];
    return source;
}

ExprPtr Parser::parse_condition() {
    return take(Token::kw_where) ? parse_expr() : nullptr;
}

std::vector<ExprPtr> Parser::parse_dimensions() {
    std::vector<ExprPtr> dimensions;
    if (!take(Token::kw_group)) return dimensions;
    const Lexeme by = scan_skipping_space();
    if (by.token != Token::kw_by) fail_found(by, {"BY"});
    in_dimensions_ = true;
    do {
        dimensions.push_back(parse_argument());
    } while (take(Token::comma));
    in_dimensions_ = false;
    return dimensions;
}

Fill Parser::parse_fill() {
    Fill fill;
    const Lexeme word = scan_skipping_space();
    unscan();
    if (failed() || word.token != Token::identifier || lower(word.text) != "fill") return fill;
    const ExprPtr expr = parse_expr();
    if (failed()) return fill;
    if (expr->kind != ExprKind::call) {
        fail("fill must be a function call");
        return fill;
    }
    if (expr->args.size() != 1) {
        fail("fill requires an argument, e.g.: 0, null, none, previous, linear");
        return fill;
    }
    const Expr &arg = *expr->args[0];
    const std::string text = to_string(arg);
    if (text == "null") return fill;
    if (text == "none") {
        fill.kind = FillKind::none;
    } else if (text == "previous") {
        fill.kind = FillKind::previous;
    } else if (text == "linear") {
        fill.kind = FillKind::linear;
    } else if (arg.kind == ExprKind::integer || arg.kind == ExprKind::number) {
        fill.kind = FillKind::number;
        fill.is_integer = arg.kind == ExprKind::integer;
        fill.integer = arg.integer;
        fill.number = fill.is_integer ? static_cast<double>(arg.integer) : arg.number;
    } else {
        fail("expected number argument in fill()");
    }
    return fill;
}

std::vector<SortField> Parser::parse_sort() {
    std::vector<SortField> sort;
    if (!take(Token::kw_order)) return sort;
    const Lexeme by = scan_skipping_space();
    if (by.token != Token::kw_by) fail_found(by, {"BY"});
    const Lexeme first = scan_skipping_space();
    if (first.token == Token::kw_asc || first.token == Token::kw_desc) {
        sort.push_back({{}, first.token == Token::kw_asc});
    } else if (first.token == Token::identifier) {
        unscan();
        sort.push_back(parse_sort_field());
        if (first.text != "time") fail("only ORDER BY time supported at this time");
    } else {
        fail_found(first, {"identifier", "ASC", "DESC"});
    }
    while (take(Token::comma)) sort.push_back(parse_sort_field());
    if (sort.size() > 1) fail("only ORDER BY time supported at this time");
    return sort;
}

// ORDER BY time, or by a column.
void Parser::parse_order(SelectStatement &select) {
    const Cursor before = scanner_.cursor();
    if (take(Token::kw_order) && take(Token::kw_by)) {
        const Lexeme name = scan_skipping_space();
        if (name.token == Token::identifier && name.text != "time") {
            unscan();
            select.order = parse_sort_field();
            if (take(Token::left_paren)) fail("only ORDER BY time supported at this time");
            return;
        }
    }
    if (failed()) return;
    scanner_.seek(before);
    select.sort = parse_sort();
}

SortField Parser::parse_sort_field() {
    SortField field{parse_identifier(), true};
    if (take(Token::kw_desc)) {
        field.ascending = false;
    } else {
        take(Token::kw_asc);
    }
    return field;
}

void Parser::parse_zone(SelectStatement &select) {
    const Lexeme word = scan_skipping_space();
    unscan();
    if (failed() || word.token != Token::identifier || lower(word.text) != "tz") return;
    const ExprPtr expr = parse_expr();
    if (failed()) return;
    if (expr->kind != ExprKind::call) return fail("tz must be a function call");
    if (expr->args.size() != 1) return fail("tz requires exactly one argument");
    const Expr &name = *expr->args[0];
    if (name.kind != ExprKind::string) return fail("expected string argument in tz()");
    Result<TimeZone> zone = TimeZone::find(name.text);
    if (!zone.ok()) return fail(zone.status().text());
    select.zone = std::move(*zone);
    select.has_zone = true;
}

}  // namespace varve::query::influxql
