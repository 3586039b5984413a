#include "query/languages/influxql/prepare_select.hpp"

#include "query/languages/influxql/expand.hpp"
#include "query/languages/influxql/lower_select.hpp"

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
    for (const plan::Output &output : *outputs) {
        if (output.type != plan::Type::none) source.fields[output.name] = {output.type};
    }
    for (size_t i = 0; i < subquery->fields.size(); ++i) {
        const Expr &expr = *subquery->fields[i].expr;
        const bool is_tag = expr.kind == ExprKind::reference &&
                            (subquery->names.resolve(expr.text, expr.cast).is_tag ||
                             subquery->names.tag_fields.contains(expr.text));
        if (is_tag) source.tag_fields.insert(subquery->columns[i]);
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

}  // namespace

Result<std::shared_ptr<const PreparedSelect>> prepare_select(const Session &session,
                                                             SourceResolver &resolver,
                                                             const SelectStatement &select,
                                                             const OuterSelect *outer) {
    Result<CheckedSelect> checked = check_select(select, session.functions, session.now_ns, outer);
    if (!checked.ok()) return checked.status();
    const OuterSelect around{checked->range, checked->window, checked->ascending};
    std::vector<ResolvedSource> sources;
    for (const Source &source : select.sources) {
        if (source.subquery == nullptr) {
            VARVE_RETURN_IF_ERROR(resolver.resolve(source, sources));
            continue;
        }
        const auto subquery = prepare_select(session, resolver, *source.subquery, &around);
        if (!subquery.ok()) return subquery.status();
        VARVE_RETURN_IF_ERROR(add_subquery(*subquery, session.functions, sources));
    }
    const Names names(sources);
    std::vector<std::string> group_tags = expand_dimensions(checked->dimensions, names);
    Result<std::vector<Field>> fields =
        expand_fields(*checked, names, group_tags, session.functions);
    if (!fields.ok()) return fields.status();
    std::vector<std::string> columns = column_names(*fields);
    return std::make_shared<const PreparedSelect>(
        PreparedSelect{&select, std::move(*checked), std::move(sources), names,
                       std::move(group_tags), std::move(*fields), std::move(columns)});
}

}  // namespace varve::query::influxql
