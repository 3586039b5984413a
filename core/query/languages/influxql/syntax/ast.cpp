#include "query/languages/influxql/syntax/ast.hpp"

#include <array>

namespace varve::query::influxql {

std::string_view data_type_name(DataType type) {
    switch (type) {
        case DataType::floating:
            return "float";
        case DataType::integer:
            return "integer";
        case DataType::unsigned_integer:
            return "unsigned";
        case DataType::string:
            return "string";
        case DataType::boolean:
            return "boolean";
        case DataType::tag:
            return "tag";
        case DataType::any_field:
            return "field";
        case DataType::unknown:
            break;
    }
    return {};
}

ExprPtr make_integer(int64_t value) {
    Expr expr;
    expr.kind = ExprKind::integer;
    expr.integer = value;
    return std::make_shared<const Expr>(std::move(expr));
}

ExprPtr make_number(double value) {
    Expr expr;
    expr.kind = ExprKind::number;
    expr.number = value;
    return std::make_shared<const Expr>(std::move(expr));
}

ExprPtr make_boolean(bool value) {
    Expr expr;
    expr.kind = ExprKind::boolean;
    expr.boolean = value;
    return std::make_shared<const Expr>(std::move(expr));
}

ExprPtr make_reference(std::string name, DataType cast) {
    Expr expr;
    expr.kind = ExprKind::reference;
    expr.text = std::move(name);
    expr.cast = cast;
    return std::make_shared<const Expr>(std::move(expr));
}

ExprPtr make_binary(Token op, ExprPtr lhs, ExprPtr rhs) {
    Expr expr;
    expr.kind = ExprKind::binary;
    expr.op = op;
    expr.args = {std::move(lhs), std::move(rhs)};
    return std::make_shared<const Expr>(std::move(expr));
}

ExprPtr make_call(std::string name, std::vector<ExprPtr> args) {
    Expr expr;
    expr.kind = ExprKind::call;
    expr.text = std::move(name);
    expr.args = std::move(args);
    return std::make_shared<const Expr>(std::move(expr));
}

const Expr &without_parens(const Expr &expr) {
    const Expr *inner = &expr;
    while (inner->kind == ExprKind::paren) inner = inner->args[0].get();
    return *inner;
}

bool is_literal(const Expr &expr) {
    switch (expr.kind) {
        case ExprKind::number:
        case ExprKind::integer:
        case ExprKind::unsigned_integer:
        case ExprKind::string:
        case ExprKind::boolean:
        case ExprKind::duration:
        case ExprKind::regex:
            return true;
        default:
            return false;
    }
}

bool has_call(const Expr &expr) {
    if (expr.kind == ExprKind::call || expr.kind == ExprKind::distinct) return true;
    for (const ExprPtr &arg : expr.args) {
        if (has_call(*arg)) return true;
    }
    return false;
}

GroupTime group_time(const SelectStatement &select) {
    const auto duration = [](const Expr &call, size_t at) {
        const bool is_duration = call.args.size() > at && call.args[at]->kind == ExprKind::duration;
        return is_duration ? call.args[at]->integer : 0;
    };
    for (const ExprPtr &dimension : select.dimensions) {
        if (dimension->kind != ExprKind::call || dimension->text != "time") continue;
        const int64_t interval_ns = duration(*dimension, 0);
        if (interval_ns != 0) return {interval_ns, duration(*dimension, 1)};
    }
    return {};
}

std::string_view statement_name(StatementKind kind) {
    // In the order of the enumeration.
    static constexpr auto names = std::to_array<std::string_view>({"SELECT",
                                                                   "EXPLAIN",
                                                                   "DELETE",
                                                                   "SHOW CONTINUOUS QUERIES",
                                                                   "SHOW DATABASES",
                                                                   "SHOW DIAGNOSTICS",
                                                                   "SHOW FIELD KEY CARDINALITY",
                                                                   "SHOW FIELD KEYS",
                                                                   "SHOW GRANTS",
                                                                   "SHOW MEASUREMENT CARDINALITY",
                                                                   "SHOW MEASUREMENTS",
                                                                   "SHOW QUERIES",
                                                                   "SHOW RETENTION POLICIES",
                                                                   "SHOW SERIES",
                                                                   "SHOW SERIES CARDINALITY",
                                                                   "SHOW SHARD GROUPS",
                                                                   "SHOW SHARDS",
                                                                   "SHOW STATS",
                                                                   "SHOW SUBSCRIPTIONS",
                                                                   "SHOW TAG KEY CARDINALITY",
                                                                   "SHOW TAG KEYS",
                                                                   "SHOW TAG VALUES",
                                                                   "SHOW TAG VALUES CARDINALITY",
                                                                   "SHOW USERS",
                                                                   "CREATE CONTINUOUS QUERY",
                                                                   "CREATE DATABASE",
                                                                   "CREATE RETENTION POLICY",
                                                                   "CREATE SUBSCRIPTION",
                                                                   "CREATE USER",
                                                                   "ALTER RETENTION POLICY",
                                                                   "ALTER DATABASE",
                                                                   "ALTER MEASUREMENT",
                                                                   "DROP CONTINUOUS QUERY",
                                                                   "DROP DATABASE",
                                                                   "DROP MEASUREMENT",
                                                                   "DROP RETENTION POLICY",
                                                                   "DROP SERIES",
                                                                   "DROP SHARD",
                                                                   "DROP SUBSCRIPTION",
                                                                   "DROP USER",
                                                                   "GRANT",
                                                                   "REVOKE",
                                                                   "SET PASSWORD",
                                                                   "KILL QUERY"});
    static_assert(names.size() == static_cast<size_t>(StatementKind::kill_query) + 1);
    return names[static_cast<size_t>(kind)];
}

}  // namespace varve::query::influxql
