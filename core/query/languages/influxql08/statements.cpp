#include "query/languages/influxql08/statements.hpp"

#include <algorithm>

#include "query/exec/run_select.hpp"
#include "query/languages/influxql08/continuous/queries.hpp"
#include "query/languages/influxql08/select/lower.hpp"

namespace varve::query::influxql08 {

namespace {

// A regex only finds what may be read.
Status need_read(const Session &session, const Statement &statement) {
    const auto denied = [](const std::string &what) {
        return Status(Code::permission_denied, "User doesn't have read access to " + what);
    };
    for (const TableName &table : statement.select.from.names) {
        if (!session.access.may_read(session.database, table.name)) return denied(table.name);
    }
    return session.access.may(Privilege::read, session.database) ? Status()
                                                                 : denied(session.database);
}

// Points in whole microseconds, the ends of the range included.
Status remove_rows(const Session &session, const Schema &schema, const std::string &series,
                   const plan::TimeRange &range) {
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = schema.db_id();
    request.measurement = str(series);
    request.from_ns = range.min_ns;
    request.to_ns = range.max_ns + 1;
    request.durability = VARVE_DURABILITY_ALWAYS;
    return session.storage.delete_rows(request);
}

Status run_delete(const Session &session, const Statement &statement) {
    VARVE_RETURN_IF_ERROR(need_admin(session, "delete"));
    const Result<SplitCondition> where = split_condition(statement.select.where, session.now_ns);
    if (!where.ok()) return where.status();
    if (where->rest) {
        return {Code::invalid_argument,
                "Delete queries can't have where clause that don't reference time"};
    }
    const Result<std::unique_ptr<Schema>> schema = Schema::open(session);
    if (!schema.ok()) return schema.status();
    std::vector<std::string> names;
    names.reserve(statement.select.from.names.size());
    for (const TableName &table : statement.select.from.names) names.push_back(table.name);
    if (statement.select.from.regex != nullptr) {
        Result<std::vector<std::string>> found =
            (*schema)->matching(statement.select.from.regex.get());
        if (!found.ok()) return found.status();
        names = std::move(*found);
    }
    for (const std::string &name : names) {
        VARVE_RETURN_IF_ERROR(remove_rows(session, **schema, name, where->range));
    }
    return {};
}

Status run_drop_series(const Session &session, const Statement &statement) {
    VARVE_RETURN_IF_ERROR(need_admin(session, "drop series"));
    const Result<std::unique_ptr<Schema>> schema = Schema::open(session);
    if (!schema.ok()) return schema.status();
    return remove_rows(session, **schema, statement.name, {});
}

Status run_list_series(const Session &session, const Statement &statement) {
    VARVE_RETURN_IF_ERROR(need_read(session, statement));
    const Result<Database> database = find_database(session);
    if (!database.ok()) return database.status();
    const Result<std::unique_ptr<Schema>> schema = Schema::open(session);
    if (!schema.ok()) return schema.status();
    const Result<std::vector<std::string>> names = (*schema)->matching(statement.regex.get());
    if (!names.ok()) return names.status();
    exec::SeriesHead head;
    head.name = "list_series_result";
    head.columns = {"time", "name"};
    exec::Vector name_column;
    name_column.reset(exec::Type::string, names->size());
    for (size_t i = 0; i < names->size(); ++i) name_column.set_text(i, (*names)[i]);
    std::vector<exec::Vector> columns{std::move(name_column)};
    if (statement.include_spaces) {
        head.columns.emplace_back("space");
        exec::Vector spaces;
        spaces.reset(exec::Type::string, names->size());
        for (size_t i = 0; i < names->size(); ++i) {
            spaces.set_text(i, session.retention_policy.empty()
                                   ? database->policy_of_series((*names)[i])
                                   : session.retention_policy);
        }
        columns.push_back(std::move(spaces));
    }
    VARVE_RETURN_IF_ERROR(session.encoder.begin_series(head));
    return session.encoder.rows(std::vector<int64_t>(names->size()), columns, names->size());
}

}  // namespace

Status select_rows(const Session &session, const SelectStatement &select,
                   const plan::TimeRange &within, exec::RowSink &sink) {
    Result<SplitCondition> where = split_condition(select.where, session.now_ns);
    if (!where.ok()) return where.status();
    where->range.min_ns = std::max(where->range.min_ns, within.min_ns);
    where->range.max_ns = std::min(where->range.max_ns, within.max_ns);
    const Result<std::unique_ptr<Schema>> schema = Schema::open(session);
    if (!schema.ok()) return schema.status();
    Result<std::vector<Table>> tables = resolve_tables(session, **schema, select, where->range);
    if (!tables.ok()) return tables.status();
    const bool is_rollup = has_functions(select);
    const bool is_choice = select.from.kind == From::Kind::list && select.from.regex != nullptr;
    for (Table &table : *tables) {
        Result<plan::Select> plan =
            is_rollup ? lower_rollup(select, *where, std::move(table), session.functions)
                      : lower_rows(select, *where, std::move(table));
        // Of all that a regex finds, those that lack the columns are not meant.
        if (!plan.ok() && is_choice && plan.status().code() == Code::not_found) continue;
        if (!plan.ok()) return plan.status();
        VARVE_RETURN_IF_ERROR(exec::run_select(
            {*plan, {(*schema)->snapshot()}, session.budget, session.tasks, sink}));
    }
    return {};
}

Status execute_statement(const Session &session, const Statement &statement) {
    switch (statement.kind) {
        case StatementKind::select:
            if (statement.select.into) return create_continuous_query(session, statement);
            VARVE_RETURN_IF_ERROR(need_read(session, statement));
            return select_rows(session, statement.select, {}, session.encoder);
        case StatementKind::remove:
            return run_delete(session, statement);
        case StatementKind::list_series:
            return run_list_series(session, statement);
        case StatementKind::drop_series:
            return run_drop_series(session, statement);
        case StatementKind::list_continuous_queries:
            return list_continuous_queries(session);
        case StatementKind::drop_continuous_query:
            return drop_continuous_query(session, statement);
    }
    return {Code::internal, "unknown statement"};
}

}  // namespace varve::query::influxql08
