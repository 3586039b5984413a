#include "query/languages/influxql08/continuous/queries.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "query/languages/influxql08/schema.hpp"
#include "query/languages/influxql08/select/window.hpp"
#include "query/languages/influxql08/syntax/parser.hpp"

namespace varve::query::influxql08 {

namespace {

constexpr std::string_view kSeriesName = ":series_name";

// Whether what the regex finds may be found again under the target's name. As InfluxDB tells it: a
// bound side of the name must be one that the target changes.
bool may_recur(const SelectStatement &select) {
    const std::string &target = select.into->target;
    if (select.from.regex == nullptr || target.find(kSeriesName) == target.npos) return false;
    const std::string &pattern = select.from.regex->pattern();
    const bool changes_begin = pattern.starts_with('^') && !target.starts_with(kSeriesName);
    const bool changes_end = pattern.ends_with('$') && !target.ends_with(kSeriesName);
    return !changes_begin && !changes_end;
}

Status check(const SelectStatement &select) {
    const bool is_timed = std::any_of(select.group_by.begin(), select.group_by.end(), is_time);
    if (!select.group_by.empty() && !is_timed) {
        return {Code::invalid_argument,
                "Continuous queries with a group by clause must include time(...) as one of the "
                "elements"};
    }
    if (may_recur(select)) {
        return {Code::invalid_argument,
                "Continuous queries with :series_name interpolation must use a regular expression "
                "in the from clause that prevents recursion"};
    }
    return window_of(select).status().with_context(
        "Couldn't get group by time for continuous query");
}

// The select of a stored text, if it has a target.
std::optional<SelectStatement> read(const std::string &text) {
    auto statements = parse_query(text);
    if (!statements.ok() || statements->size() != 1) return std::nullopt;
    Statement &statement = statements->front();
    if (statement.kind != StatementKind::select || !statement.select.into) return std::nullopt;
    return std::move(statement.select);
}

}  // namespace

Status create_continuous_query(const Session &session, const Statement &statement) {
    VARVE_RETURN_IF_ERROR(need_admin(session, "create continuous query"));
    VARVE_RETURN_IF_ERROR(check(statement.select));
    VARVE_RETURN_IF_ERROR(find_database(session).status());
    const int64_t last_run_ns = statement.select.into->backfill ? kTimeMin : session.now_ns;
    return session.catalog.create_continuous_query_08(session.database, statement.text, last_run_ns)
        .status();
}

Status list_continuous_queries(const Session &session) {
    VARVE_RETURN_IF_ERROR(need_admin(session, "list continuous queries"));
    VARVE_RETURN_IF_ERROR(find_database(session).status());
    auto queries = session.catalog.continuous_queries_08();
    if (!queries.ok()) return queries.status();
    std::erase_if(*queries, [&](const ContinuousQuery08 &query) {
        return query.database != session.database;
    });
    exec::SeriesHead head;
    head.name = "continuous queries";
    head.columns = {"time", "id", "query"};
    std::vector<exec::Vector> columns(2);
    columns[0].reset(exec::Type::integer, queries->size());
    columns[1].reset(exec::Type::string, queries->size());
    for (size_t i = 0; i < queries->size(); ++i) {
        columns[0].set(i, (*queries)[i].number);
        columns[1].set_text(i, (*queries)[i].text);
    }
    VARVE_RETURN_IF_ERROR(session.encoder.begin_series(head));
    return session.encoder.rows(std::vector<int64_t>(queries->size()), columns, queries->size());
}

Status drop_continuous_query(const Session &session, const Statement &statement) {
    VARVE_RETURN_IF_ERROR(need_admin(session, "delete continuous query"));
    VARVE_RETURN_IF_ERROR(find_database(session).status());
    return session.catalog.drop_continuous_query_08(session.database,
                                                    static_cast<uint64_t>(statement.id));
}

std::optional<Rollup> read_rollup(const std::string &text) {
    std::optional<SelectStatement> select = read(text);
    if (!select || select->group_by.empty()) return std::nullopt;
    const Result<plan::Window> window = window_of(*select);
    if (!window.ok() || window->interval_ns <= 0) return std::nullopt;
    return Rollup{text, std::move(*select), *window};
}

std::optional<CopyRule> read_copy_rule(const std::string &text) {
    std::optional<SelectStatement> select = read(text);
    if (!select || !select->group_by.empty()) return std::nullopt;
    CopyRule rule{{}, TargetName(select->into->target)};
    if (select->from.regex != nullptr) {
        rule.matches = [regex = select->from.regex](std::string_view series) {
            return re2::RE2::PartialMatch(re2::StringPiece(series.data(), series.size()), *regex);
        };
        return rule;
    }
    rule.matches = [names = std::move(select->from.names)](std::string_view series) {
        return std::any_of(names.begin(), names.end(),
                           [&](const TableName &table) { return table.name == series; });
    };
    return rule;
}

}  // namespace varve::query::influxql08
