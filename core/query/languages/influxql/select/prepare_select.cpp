#include "query/languages/influxql/select/prepare_select.hpp"

#include "query/languages/influxql/select/expand.hpp"
#include "query/languages/influxql/select/look_back.hpp"
#include "query/languages/influxql/select/lower_select.hpp"
#include "query/languages/influxql/select/prepare_join.hpp"

namespace varve::query::influxql {

namespace {

// What a subquery gives, a measurement at a time: its columns are fields, its groups' tags are
// tags.
Status add_subquery(const std::shared_ptr<const PreparedSelect> &subquery,
                    const FunctionTable &functions, std::vector<ResolvedSource> &out) {
    const Result<std::vector<plan::Output>> outputs = lower_outputs(*subquery, functions);
    if (!outputs.ok()) return outputs.status();
    ResolvedSource source;
    source.subquery = subquery;
    for (size_t i = 0; i < subquery->fields.size(); ++i) {
        if (subquery->fields[i].is_implied) source.implied.insert(subquery->columns[i]);
    }
    for (size_t i = 0; i < subquery->fields.size(); ++i) {
        if (!subquery->fields[i].is_implied) source.implied.erase(subquery->columns[i]);
        if (!source.fields.try_emplace(subquery->columns[i], 1, (*outputs)[i].type).second) {
            continue;
        }
        const Expr &expr = *subquery->fields[i].expr;
        const bool is_tag = expr.kind == ExprKind::reference &&
                            (subquery->names.resolve(expr.text, expr.cast).is_tag ||
                             subquery->names.tag_fields.contains(expr.text));
        if (is_tag) source.tag_fields.insert(subquery->columns[i]);
    }
    // A selected time is a column without values.
    for (const std::string &name : subquery->checked.time_columns) {
        source.fields.try_emplace(name, 1, plan::Type::none);
    }
    source.tags.insert(subquery->group_tags.begin(), subquery->group_tags.end());
    std::set<std::string> measurements;
    for (const ResolvedSource &inner : subquery->sources) {
        measurements.insert(inner.scan.measurement);
    }
    for (const std::string &measurement : measurements) {
        source.scan.measurement = measurement;
        out.push_back(source);
    }
    return {};
}

Status add_source(const Session &session, SourceResolver &resolver, const Source &source,
                  const JoinNeeds &needs, const OuterSelect &around,
                  std::vector<ResolvedSource> &out) {
    if (source.join != nullptr) {
        Result<ResolvedSource> join = prepare_join(session, resolver, *source.join, needs, around);
        if (join.ok()) out.push_back(std::move(*join));
        return join.status();
    }
    if (source.subquery == nullptr) return resolver.resolve(source, around.outermost, out);
    const auto subquery = prepare_select(session, resolver, *source.subquery, &around);
    if (!subquery.ok()) return subquery.status();
    return add_subquery(*subquery, session.functions, out);
}

// The expression with what the columns stand for in the place of their names.
Result<ExprPtr> with_columns(const ExprPtr &expr, const PreparedSelect &prepared) {
    if (expr->kind == ExprKind::call) return expr;
    if (expr->kind == ExprKind::reference) {
        for (size_t i = 0; i < prepared.columns.size(); ++i) {
            if (prepared.columns[i] == expr->text) return prepared.fields[i].expr;
        }
        return Status(Code::invalid_argument,
                      "HAVING: the select has no column " + quote_identifier(expr->text));
    }
    auto out = std::make_shared<Expr>(*expr);
    for (ExprPtr &arg : out->args) {
        Result<ExprPtr> replaced = with_columns(arg, prepared);
        if (!replaced.ok()) return replaced;
        arg = std::move(*replaced);
    }
    return ExprPtr(std::move(out));
}

}  // namespace

Result<std::shared_ptr<const PreparedSelect>> prepare_select(const Session &session,
                                                             SourceResolver &resolver,
                                                             const SelectStatement &select,
                                                             const OuterSelect *outer) {
    Result<CheckedSelect> checked = check_select(select, session.functions, session.now_ns, outer);
    if (!checked.ok()) return checked.status();
    const plan::TimeRange outermost =
        outer == nullptr ? readable_range(*checked, session.functions) : outer->outermost;
    const OuterSelect around{checked->range, outermost, checked->window, checked->ascending};
    std::vector<ResolvedSource> sources;
    const JoinNeeds needs(*checked);
    for (const Source &source : select.sources) {
        VARVE_RETURN_IF_ERROR(add_source(session, resolver, source, needs, around, sources));
    }
    const Names names(sources);
    std::vector<std::string> group_tags = expand_dimensions(checked->dimensions, names);
    Result<std::vector<Field>> fields =
        expand_fields(*checked, names, group_tags, session.functions);
    if (!fields.ok()) return fields.status();
    std::vector<std::string> columns =
        checked->is_inner ? inner_column_names(*fields) : column_names(*fields);
    const auto out = std::make_shared<PreparedSelect>(
        PreparedSelect{&select, std::move(*checked), std::move(sources), names,
                       std::move(group_tags), std::move(*fields), std::move(columns), nullptr});
    if (out->checked.having != nullptr) {
        Result<ExprPtr> having = with_columns(out->checked.having, *out);
        if (!having.ok()) return having.status();
        out->having = std::move(*having);
    }
    return std::shared_ptr<const PreparedSelect>(out);
}

}  // namespace varve::query::influxql
