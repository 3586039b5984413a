#include "query/languages/influxql/select/select_frame.hpp"

#include "query/languages/influxql/select/look_back.hpp"
#include "query/languages/influxql/select/lower_condition.hpp"
#include "query/languages/influxql/select/lower_select.hpp"
#include "query/languages/influxql/select/prepare_join.hpp"

namespace varve::query::influxql {

namespace {

// References of WHERE: what is a field in one of the sources is a field in all of them. What none
// knows is a tag that no series has.
plan::Input resolve_in(const Names &own, const Names &all, const Expr &reference) {
    plan::Input input = own.resolve(reference.text, reference.cast);
    if (reference.cast == DataType::tag) return {reference.text, true, plan::Type::string, false};
    if (reference.cast != DataType::unknown) return input;
    const bool is_field = all.fields.contains(reference.text);
    if (input.is_tag && is_field) return {reference.text, false, plan::Type::none, false};
    if (!is_field && input.type == plan::Type::none) {
        input.is_tag = true;
        input.type = plan::Type::string;
    }
    return input;
}

}  // namespace

SelectFrame::SelectFrame(const PreparedSelect &prepared, const std::vector<std::string> &extra_tags,
                         const FunctionTable &functions, const plan::TimeRange &range)
    : prepared_(prepared), functions_(functions), range_(range) {
    std::set<std::string> tags(prepared.group_tags.begin(), prepared.group_tags.end());
    tags.insert(extra_tags.begin(), extra_tags.end());
    group_tags_.assign(tags.begin(), tags.end());
}

Result<const SelectFrame::Sources *> SelectFrame::sources_for(const plan::TimeRange &range) {
    const auto [found, is_new] = sources_.try_emplace({range.min_ns, range.max_ns});
    if (!is_new) return &found->second;
    // A subquery of several measurements is one plan.
    std::map<const PreparedSelect *, std::shared_ptr<const plan::Select>> subqueries;
    for (const ResolvedSource &source : prepared_.sources) {
        Placed placed{&source, nullptr};
        if (!source.of_storage()) {
            auto &lowered = subqueries[source.subquery.get()];
            if (lowered == nullptr || source.join != nullptr) {
                Result<plan::Select> plan = rows_of(source, range);
                if (!plan.ok()) return plan.status();
                lowered = std::make_shared<const plan::Select>(std::move(*plan));
            }
            placed.subquery = lowered;
        }
        found->second[source.scan.measurement].push_back(std::move(placed));
    }
    return &found->second;
}

Result<plan::Select> SelectFrame::rows_of(const ResolvedSource &source,
                                          const plan::TimeRange &range) const {
    const CheckedSelect &checked = prepared_.checked;
    if (source.join != nullptr) {
        for (const std::string &tag : group_tags_) {
            if (source.tags.contains(tag)) continue;
            return Status(Code::invalid_argument, "GROUP BY " + quote_identifier(tag) +
                                                      ": the tags of JOIN do not name it");
        }
        return lower_join(*source.join, functions_, range, checked.ascending);
    }
    Result<plan::Select> plan = lower_select(*source.subquery, functions_, group_tags_, &range);
    // InfluxDB knows no SLIMIT inside.
    if (plan.ok()) plan->series_limit = plan->series_offset = 0;
    return plan;
}

plan::ScanSource SelectFrame::scan_source(const Placed &placed, uint32_t first_filter_input) const {
    plan::ScanSource out = placed.source->scan;
    out.subquery = placed.subquery;
    const ExprPtr &condition = prepared_.checked.condition;
    if (condition == nullptr) return out;
    Names names({*placed.source});
    // Rows of a subquery have the tags that the select around it groups by.
    if (placed.subquery != nullptr) names.tags.insert(group_tags_.begin(), group_tags_.end());
    LoweredCondition lowered = lower_condition(
        *condition,
        [&](const Expr &reference) { return resolve_in(names, prepared_.names, reference); },
        functions_, first_filter_input,
        placed.subquery == nullptr ? SeriesOf::storage : SeriesOf::subquery);
    out.series = std::move(lowered.series);
    out.filter_inputs = std::move(lowered.inputs);
    out.filter = std::move(lowered.filter);
    out.conditions = std::move(lowered.conditions);
    return out;
}

// One measurement, in however many policies and subqueries it is asked for.
void SelectFrame::add_measurement(const std::string &name, const std::vector<Placed> &sources,
                                  plan::Select &out) const {
    plan::Measurement measurement;
    measurement.name = name;
    for (const Placed &placed : sources) {
        plan::ScanSource source = scan_source(placed, static_cast<uint32_t>(out.inputs.size()));
        if (source.series.op != VARVE_SERIES_NONE) measurement.sources.push_back(std::move(source));
    }
    if (!measurement.sources.empty()) out.measurements.push_back(std::move(measurement));
}

Status SelectFrame::set_source(plan::Select &out, uint32_t look_back) {
    const CheckedSelect &checked = prepared_.checked;
    out.range = with_buckets_before(range_, checked.ascending, checked.window, look_back);
    out.window = checked.window;
    out.time_name = checked.time_name;
    out.fill = checked.fill;
    out.ascending = checked.ascending;
    if (sources_.empty()) return {};
    const Result<const Sources *> sources = sources_for(out.range);
    if (!sources.ok()) return sources.status();
    for (const auto &[name, same] : **sources) add_measurement(name, same, out);
    return {};
}

void SelectFrame::set_row_limits(plan::Select &out) const {
    out.limit = static_cast<uint64_t>(prepared_.select->limit);
    out.offset = static_cast<uint64_t>(prepared_.select->offset);
}

void SelectFrame::set_row_limits(plan::Stream &out) const {
    out.limit = static_cast<uint64_t>(prepared_.select->limit);
    out.offset = static_cast<uint64_t>(prepared_.select->offset);
}

void SelectFrame::set_series_limits(plan::Select &out) const {
    if (prepared_.select->order) return;
    out.series_limit = static_cast<uint64_t>(prepared_.select->slimit);
    out.series_offset = static_cast<uint64_t>(prepared_.select->soffset);
    // As InfluxDB has it: SOFFSET without SLIMIT leaves no series.
    if (out.series_limit == 0 && out.series_offset != 0) out.series_offset = UINT64_MAX;
}

}  // namespace varve::query::influxql
