#include "query/languages/influxql/syntax/ast.hpp"

#include "query/languages/influxql/syntax/scanner.hpp"

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

std::string_view statement_name(StatementKind kind) {
    switch (kind) {
        case StatementKind::select:
            return "SELECT";
        case StatementKind::explain:
            return "EXPLAIN";
        case StatementKind::delete_points:
            return "DELETE";
        case StatementKind::show_continuous_queries:
            return "SHOW CONTINUOUS QUERIES";
        case StatementKind::show_databases:
            return "SHOW DATABASES";
        case StatementKind::show_diagnostics:
            return "SHOW DIAGNOSTICS";
        case StatementKind::show_field_key_cardinality:
            return "SHOW FIELD KEY CARDINALITY";
        case StatementKind::show_field_keys:
            return "SHOW FIELD KEYS";
        case StatementKind::show_grants:
            return "SHOW GRANTS";
        case StatementKind::show_measurement_cardinality:
            return "SHOW MEASUREMENT CARDINALITY";
        case StatementKind::show_measurements:
            return "SHOW MEASUREMENTS";
        case StatementKind::show_queries:
            return "SHOW QUERIES";
        case StatementKind::show_retention_policies:
            return "SHOW RETENTION POLICIES";
        case StatementKind::show_series:
            return "SHOW SERIES";
        case StatementKind::show_series_cardinality:
            return "SHOW SERIES CARDINALITY";
        case StatementKind::show_shard_groups:
            return "SHOW SHARD GROUPS";
        case StatementKind::show_shards:
            return "SHOW SHARDS";
        case StatementKind::show_stats:
            return "SHOW STATS";
        case StatementKind::show_subscriptions:
            return "SHOW SUBSCRIPTIONS";
        case StatementKind::show_tag_key_cardinality:
            return "SHOW TAG KEY CARDINALITY";
        case StatementKind::show_tag_keys:
            return "SHOW TAG KEYS";
        case StatementKind::show_tag_values:
            return "SHOW TAG VALUES";
        case StatementKind::show_tag_values_cardinality:
            return "SHOW TAG VALUES CARDINALITY";
        case StatementKind::show_users:
            return "SHOW USERS";
        case StatementKind::create_continuous_query:
            return "CREATE CONTINUOUS QUERY";
        case StatementKind::create_database:
            return "CREATE DATABASE";
        case StatementKind::create_retention_policy:
            return "CREATE RETENTION POLICY";
        case StatementKind::create_subscription:
            return "CREATE SUBSCRIPTION";
        case StatementKind::create_user:
            return "CREATE USER";
        case StatementKind::alter_retention_policy:
            return "ALTER RETENTION POLICY";
        case StatementKind::drop_continuous_query:
            return "DROP CONTINUOUS QUERY";
        case StatementKind::drop_database:
            return "DROP DATABASE";
        case StatementKind::drop_measurement:
            return "DROP MEASUREMENT";
        case StatementKind::drop_retention_policy:
            return "DROP RETENTION POLICY";
        case StatementKind::drop_series:
            return "DROP SERIES";
        case StatementKind::drop_shard:
            return "DROP SHARD";
        case StatementKind::drop_subscription:
            return "DROP SUBSCRIPTION";
        case StatementKind::drop_user:
            return "DROP USER";
        case StatementKind::grant:
            return "GRANT";
        case StatementKind::revoke:
            return "REVOKE";
        case StatementKind::set_password:
            return "SET PASSWORD";
        case StatementKind::kill_query:
            return "KILL QUERY";
    }
    return {};
}

}  // namespace varve::query::influxql
