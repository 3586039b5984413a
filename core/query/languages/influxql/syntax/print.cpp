// Statements as normalised text: what continuous queries are kept as and messages quote.
#include <cstdio>

#include "model/calendar.hpp"
#include "model/duration.hpp"
#include "query/languages/influxql/syntax/ast.hpp"
#include "query/languages/influxql/syntax/scanner.hpp"

namespace varve::query::influxql {

namespace {

std::string escaped(std::string_view text, char quote) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
        } else {
            if (c == '\\' || c == quote) out += '\\';
            out += c;
        }
    }
    return out;
}

bool needs_quotes(std::string_view name) {
    if (lookup_keyword(name) != Token::identifier) return true;
    for (size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        if (i == 0 ? !is_identifier_start(c) : !is_identifier_part(c)) return true;
    }
    return false;
}

// Some functions are called like keywords (distinct); those need no quotes.
std::string call_name(const std::string &name) {
    const bool is_word = lookup_keyword(name) != Token::identifier || !needs_quotes(name);
    return is_word ? name : quote_identifier(name);
}

std::string regex_text(std::string_view pattern) {
    std::string out = "/";
    for (const char c : pattern) {
        if (c == '/') out += '\\';
        out += c;
    }
    return out + "/";
}

template <typename List, typename Print>
std::string joined(const List &list, Print print) {
    std::string out;
    for (const auto &item : list) {
        if (!out.empty()) out += ", ";
        out += print(item);
    }
    return out;
}

std::string print_field(const Field &field) {
    return to_string(*field.expr) +
           (field.alias.empty() ? "" : " AS " + quote_identifier(field.alias));
}

std::string print_fill(const Fill &fill) {
    switch (fill.kind) {
        case FillKind::null:
            return {};
        case FillKind::none:
            return " fill(none)";
        case FillKind::previous:
            return " fill(previous)";
        case FillKind::linear:
            return " fill(linear)";
        case FillKind::number:
            break;
    }
    if (fill.is_integer) return " fill(" + std::to_string(fill.integer) + ")";
    char text[64];
    std::snprintf(text, sizeof text, "%.15g", fill.number);
    return " fill(" + std::string(text) + ")";
}

std::string print_sort(const std::vector<SortField> &sort) {
    if (sort.empty()) return {};
    return " ORDER BY " + joined(sort, [](const SortField &field) {
               return (field.name.empty() ? "" : quote_identifier(field.name) + " ") +
                      (field.ascending ? "ASC" : "DESC");
           });
}

std::string print_number(std::string_view word, int64_t number) {
    return number > 0 ? " " + std::string(word) + " " + std::to_string(number) : "";
}

template <typename S>
std::string print_tail(const S &statement) {
    return print_number("LIMIT", statement.limit) + print_number("OFFSET", statement.offset) +
           print_number("SLIMIT", statement.slimit) + print_number("SOFFSET", statement.soffset);
}

std::string print_sources(const std::vector<Source> &sources) {
    return joined(sources, [](const Source &source) { return to_string(source); });
}

std::string print_dimensions(const std::vector<ExprPtr> &dimensions) {
    if (dimensions.empty()) return {};
    return " GROUP BY " + joined(dimensions, [](const ExprPtr &expr) { return to_string(*expr); });
}

std::string print_target(const Source &target) {
    std::string out = " INTO ";
    if (!target.database.empty()) out += quote_identifier(target.database) + ".";
    if (!target.retention_policy.empty()) out += quote_identifier(target.retention_policy);
    if (!target.database.empty() || !target.retention_policy.empty()) out += ".";
    return out + (target.name.empty() ? ":MEASUREMENT" : quote_identifier(target.name));
}

std::string print_duration(int64_t duration_ns) {
    return format_influx_duration(duration_ns);
}

// ON, FROM, WITH KEY, WHERE, GROUP BY, ORDER BY and the numbers of a SHOW, DELETE or DROP SERIES.
std::string print_schema(const Statement &s) {
    std::string out;
    if (!s.database.empty()) out += " ON " + quote_identifier(s.database);
    if (s.with_measurement) {
        out += std::string(" WITH MEASUREMENT ").append(token_text(s.key_op)) + " " +
               to_string(*s.with_measurement);
    }
    if (!s.sources.empty()) out += " FROM " + print_sources(s.sources);
    if (s.key_op != Token::illegal && !s.with_measurement) {
        out += std::string(" WITH KEY ").append(token_text(s.key_op)) + " ";
        const auto quote = [](const std::string &key) { return quote_identifier(key); };
        if (s.key_op == Token::kw_in) {
            out += "(" + joined(s.keys, quote) + ")";
        } else {
            out += is_regex_operator(s.key_op) ? regex_text(s.keys[0]) : quote(s.keys[0]);
        }
    }
    if (s.condition != nullptr) out += " WHERE " + to_string(*s.condition);
    return out + print_dimensions(s.dimensions) + print_sort(s.sort) + print_tail(s);
}

std::string print_policy_options(const Statement &s) {
    std::string out;
    if (s.duration_ns) out += " DURATION " + print_duration(*s.duration_ns);
    if (s.replication) out += " REPLICATION " + std::to_string(*s.replication);
    if (s.shard_duration_ns) out += " SHARD DURATION " + print_duration(*s.shard_duration_ns);
    if (s.flag) out += " DEFAULT";
    return out;
}

std::string print_create(const Statement &s) {
    std::string out(statement_name(s.kind));
    out += " " + quote_identifier(s.name);
    switch (s.kind) {
        case StatementKind::create_database:
            if (!s.has_with) return out;
            out += " WITH" + print_policy_options(s);
            if (!s.retention_policy.empty()) out += " NAME " + quote_identifier(s.retention_policy);
            if (!s.storage.empty()) out += " STORAGE " + quote_identifier(s.storage);
            if (!s.durability.empty()) out += " DURABILITY " + s.durability;
            return out;
        case StatementKind::create_user:
            return out + " WITH PASSWORD [REDACTED]" + (s.flag ? " WITH ALL PRIVILEGES" : "");
        case StatementKind::create_subscription:
            return out + " ON " + quote_identifier(s.database) + "." +
                   quote_identifier(s.retention_policy) + " DESTINATIONS " +
                   (s.flag ? "ALL " : "ANY ") +
                   joined(s.destinations, [](const std::string &d) { return quote_string(d); });
        case StatementKind::create_continuous_query:
            out += " ON " + quote_identifier(s.database);
            if (s.resample_every_ns || s.resample_for_ns) {
                out += " RESAMPLE";
                if (s.resample_every_ns) out += " EVERY " + print_duration(*s.resample_every_ns);
                if (s.resample_for_ns) out += " FOR " + print_duration(*s.resample_for_ns);
            }
            return out + " BEGIN " + to_string(*s.select) + " END";
        default:
            return out + " ON " + quote_identifier(s.database) + print_policy_options(s);
    }
}

std::string print_privileges(const Statement &s) {
    std::string out(statement_name(s.kind));
    out += " ";
    out += privilege_text(s.privilege);
    if (!s.database.empty()) out += " ON " + quote_identifier(s.database);
    return out + (s.kind == StatementKind::grant ? " TO " : " FROM ") + quote_identifier(s.user);
}

std::string print_named(const Statement &s) {
    std::string out(statement_name(s.kind));
    switch (s.kind) {
        case StatementKind::show_grants:
            return out + " FOR " + quote_identifier(s.name);
        case StatementKind::show_stats:
        case StatementKind::show_diagnostics:
            return s.text.empty() ? out : out + " FOR " + quote_string(s.text);
        case StatementKind::drop_shard:
            return out + " " + std::to_string(s.number);
        case StatementKind::kill_query:
            out += " " + std::to_string(s.number);
            return s.text.empty() ? out : out + " ON " + quote_identifier(s.text);
        case StatementKind::set_password:
            return out + " FOR " + quote_identifier(s.name) + " = [REDACTED]";
        case StatementKind::drop_subscription:
            return out + " " + quote_identifier(s.name) + " ON " + quote_identifier(s.database) +
                   "." + quote_identifier(s.retention_policy);
        default:
            break;
    }
    if (!s.name.empty()) out += " " + quote_identifier(s.name);
    if (!s.database.empty()) out += " ON " + quote_identifier(s.database);
    const bool renames =
        s.kind == StatementKind::alter_database || s.kind == StatementKind::alter_measurement;
    return renames ? out + " RENAME TO " + quote_identifier(s.text) : out;
}

std::string exact_name(const Statement &s) {
    std::string out(statement_name(s.kind));
    const size_t at = out.rfind("CARDINALITY");
    if (s.flag && at != std::string::npos) out.insert(at, "EXACT ");
    return out;
}

}  // namespace

std::string quote_string(std::string_view text) {
    return "'" + escaped(text, '\'') + "'";
}

std::string quote_identifier(std::string_view name) {
    if (!name.empty() && !needs_quotes(name)) return std::string(name);
    return "\"" + escaped(name, '"') + "\"";
}

std::string quote_identifiers(const std::vector<std::string> &segments) {
    std::string out;
    for (size_t i = 0; i < segments.size(); ++i) {
        const std::string &segment = segments[i];
        const bool edge = i == 0 || i + 1 == segments.size();
        const bool quote = needs_quotes(segment) || (i + 1 < segments.size() && !segment.empty()) ||
                           (edge && segment.empty());
        if (i > 0) out += ".";
        out += quote ? "\"" + escaped(segment, '"') + "\"" : segment;
    }
    return out;
}

std::string to_string(const Expr &expr) {
    switch (expr.kind) {
        case ExprKind::number: {
            char text[400];
            std::snprintf(text, sizeof text, "%.3f", expr.number);
            return text;
        }
        case ExprKind::integer:
            return std::to_string(expr.integer);
        case ExprKind::unsigned_integer:
            return std::to_string(expr.unsigned_integer);
        case ExprKind::string:
            return quote_string(expr.text);
        case ExprKind::boolean:
            return expr.boolean ? "true" : "false";
        case ExprKind::duration:
            return format_influx_duration(expr.integer);
        case ExprKind::months:
            return format_calendar_months(expr.integer);
        case ExprKind::regex:
            return regex_text(expr.text);
        case ExprKind::wildcard:
        case ExprKind::reference: {
            std::string out = expr.kind == ExprKind::wildcard ? "*" : quote_identifier(expr.text);
            if (expr.cast != DataType::unknown) out.append("::").append(data_type_name(expr.cast));
            return out;
        }
        case ExprKind::distinct:
            return "DISTINCT " + expr.text;
        case ExprKind::call:
            return call_name(expr.text) + "(" +
                   joined(expr.args, [](const ExprPtr &arg) { return to_string(*arg); }) + ")";
        case ExprKind::binary:
            return to_string(expr.lhs()) + " " + std::string(token_text(expr.op)) + " " +
                   to_string(expr.rhs());
        case ExprKind::paren:
            return "(" + to_string(*expr.args[0]) + ")";
    }
    return {};
}

std::string to_string(const Source &source) {
    const std::string alias = source.alias.empty() ? "" : " AS " + quote_identifier(source.alias);
    if (source.subquery != nullptr) return "(" + to_string(*source.subquery) + ")" + alias;
    std::string out;
    if (source.join != nullptr) {
        out = to_string(source.join->left) + " JOIN " + to_string(source.join->right) + " ON time";
        for (const std::string &tag : source.join->tags) out += ", " + quote_identifier(tag);
        return out;
    }
    if (!source.database.empty()) out += quote_identifier(source.database) + ".";
    if (!source.retention_policy.empty()) out += quote_identifier(source.retention_policy);
    if (!source.database.empty() || !source.retention_policy.empty()) out += ".";
    return out + (source.regex ? regex_text(*source.regex) : quote_identifier(source.name)) + alias;
}

std::string to_string(const SelectStatement &s) {
    std::string out = "SELECT " + joined(s.fields, print_field);
    if (s.target) out += print_target(*s.target);
    if (!s.sources.empty()) out += " FROM " + print_sources(s.sources);
    if (s.condition != nullptr) out += " WHERE " + to_string(*s.condition);
    out += print_dimensions(s.dimensions) + print_fill(s.fill);
    if (s.having != nullptr) out += " HAVING " + to_string(*s.having);
    out += print_sort(s.order ? std::vector<SortField>{*s.order} : s.sort) + print_tail(s);
    if (s.has_zone) out += " TZ('" + s.zone.name() + "')";
    return out;
}

std::string to_string(const Statement &s) {
    switch (s.kind) {
        case StatementKind::select:
            return to_string(*s.select);
        case StatementKind::explain:
            return (s.flag ? "EXPLAIN ANALYZE " : "EXPLAIN ") + to_string(*s.select);
        case StatementKind::create_continuous_query:
        case StatementKind::create_database:
        case StatementKind::create_retention_policy:
        case StatementKind::create_subscription:
        case StatementKind::create_user:
            return print_create(s);
        case StatementKind::alter_retention_policy:
            return "ALTER RETENTION POLICY " + quote_identifier(s.name) + " ON " +
                   quote_identifier(s.database) + print_policy_options(s);
        case StatementKind::grant:
        case StatementKind::revoke:
            return print_privileges(s);
        case StatementKind::delete_points:
        case StatementKind::drop_series:
        case StatementKind::show_field_keys:
        case StatementKind::show_measurements:
        case StatementKind::show_series:
        case StatementKind::show_tag_keys:
        case StatementKind::show_tag_values:
        case StatementKind::show_field_key_cardinality:
        case StatementKind::show_measurement_cardinality:
        case StatementKind::show_series_cardinality:
        case StatementKind::show_tag_key_cardinality:
        case StatementKind::show_tag_values_cardinality:
            return exact_name(s) + print_schema(s);
        default:
            return print_named(s);
    }
}

}  // namespace varve::query::influxql
