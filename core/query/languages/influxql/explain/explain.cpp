#include "query/languages/influxql/explain/explain.hpp"

#include <algorithm>

#include "query/exec/measurement_scan.hpp"
#include "query/languages/influxql/explain/trace_text.hpp"
#include "query/languages/influxql/select/lower_select.hpp"
#include "query/languages/influxql/text_table.hpp"

namespace varve::query::influxql {

namespace {

class NoRows final : public exec::RowSink {
  public:
    Status begin_series(const exec::SeriesHead &) override { return {}; }
    Status rows(std::span<const int64_t>, std::span<const exec::Vector>, size_t) override {
        return {};
    }
};

std::string typed_name(const plan::Input &input) {
    if (input.is_tag) return quote_identifier(input.name) + "::tag";
    if (input.type == plan::Type::none) return quote_identifier(input.name);
    return quote_identifier(input.name) + "::" + std::string(type_name(input.type));
}

std::string expression_of(const plan::Select &select, const plan::Aggregate &aggregate) {
    std::string out =
        std::string(aggregate.function->name) + "(" + typed_name(select.inputs[aggregate.input]);
    for (size_t i = 1; i < aggregate.arguments.size(); ++i) {
        out += ", " + aggregate.arguments[i].text;
    }
    out += ")";
    return aggregate.counted_by == nullptr
               ? out
               : std::string(aggregate.counted_by->name) + "(" + out + ")";
}

// The inputs that are no aggregate's.
std::string auxiliary_fields(const plan::Select &select) {
    std::vector<std::string> names;
    for (uint32_t i = 0; i < select.inputs.size(); ++i) {
        const bool aggregated =
            std::any_of(select.aggregates.begin(), select.aggregates.end(),
                        [&](const plan::Aggregate &aggregate) { return aggregate.input == i; });
        if (!aggregated) names.push_back(typed_name(select.inputs[i]));
    }
    std::sort(names.begin(), names.end());
    std::string out;
    for (const std::string &name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

// Lines for every part of a plan that reads storage.
class Explainer {
  public:
    Explainer(Session &session, SourceResolver &resolver)
        : session_(session), resolver_(resolver) {}

    Status add(const plan::Select &select);
    const std::vector<std::string> &lines() const { return lines_; }

  private:
    Status add_measurement(const plan::Select &select, const plan::Measurement &measurement);
    Status add_part(const plan::Select &select, const plan::Measurement &measurement,
                    const std::string &expression);
    Result<size_t> count_shards(const plan::Select &select, const plan::ScanSource &source) const;

    Session &session_;
    SourceResolver &resolver_;
    std::vector<std::string> lines_;
};

Status Explainer::add(const plan::Select &select) {
    if (select.range.empty()) return {};
    for (const plan::Stream &stream : select.streams) VARVE_RETURN_IF_ERROR(add(*stream.input));
    if (!select.streams.empty()) return {};
    if (select.join != nullptr) {
        VARVE_RETURN_IF_ERROR(add(*select.join->left));
        return add(*select.join->right);
    }
    for (const plan::Measurement &measurement : select.measurements) {
        VARVE_RETURN_IF_ERROR(add_measurement(select, measurement));
    }
    return {};
}

Status Explainer::add_measurement(const plan::Select &select,
                                  const plan::Measurement &measurement) {
    bool of_storage = false;
    for (const plan::ScanSource &source : measurement.sources) {
        if (source.subquery != nullptr) {
            VARVE_RETURN_IF_ERROR(add(*source.subquery));
        } else {
            of_storage = true;
        }
    }
    const bool has_field = std::any_of(
        select.inputs.begin(), select.inputs.end(),
        [](const plan::Input &input) { return !input.is_tag && input.type != plan::Type::none; });
    if (!of_storage || !has_field) return {};
    if (select.aggregates.empty()) return add_part(select, measurement, "<nil>");
    for (const plan::Aggregate &aggregate : select.aggregates) {
        VARVE_RETURN_IF_ERROR(add_part(select, measurement, expression_of(select, aggregate)));
    }
    return {};
}

Result<size_t> Explainer::count_shards(const plan::Select &select,
                                       const plan::ScanSource &source) const {
    const auto groups = session_.catalog.shard_groups(source.db_id, source.rp_id);
    if (!groups.ok()) return groups.status();
    return static_cast<size_t>(
        std::count_if(groups->begin(), groups->end(), [&](const ShardGroup &group) {
            return group.from_ns <= select.range.max_ns && group.to_ns > select.range.min_ns;
        }));
}

Status Explainer::add_part(const plan::Select &select, const plan::Measurement &measurement,
                           const std::string &expression) {
    exec::Trace counted("", session_.running.monotonic_ns);
    NoRows nobody;
    const exec::Run run{
        select, resolver_.snapshots(), session_.budget, session_.tasks, nobody, nullptr, &counted};
    exec::Trace &scans = counted.scan(exec::Trace::Kind::survey);
    size_t shards = 0;
    uint64_t rows = 0;
    for (const plan::ScanSource &source : measurement.sources) {
        if (source.subquery != nullptr) continue;
        const Result<size_t> found = count_shards(select, source);
        if (!found.ok()) return found.status();
        shards += *found;
        const auto scan = exec::MeasurementScan::open(
            run, source,
            {select.range.min_ns, select.range.max_ns + 1, 0, 1, exec::Trace::Kind::survey});
        if (!scan.ok()) return scan.status();
        for (size_t i = 0; i < (*scan)->scan().partition_count(); ++i) {
            varve_block block;
            for (;;) {
                VARVE_RETURN_IF_ERROR(session_.budget.check());
                const Result<bool> more = (*scan)->scan().next(i, block);
                if (!more.ok()) return more.status();
                if (!*more) break;
                rows += block.rows;
            }
        }
    }
    if (!lines_.empty()) lines_.emplace_back();
    lines_.push_back("EXPRESSION: " + expression);
    const std::string fields = auxiliary_fields(select);
    if (!fields.empty()) lines_.push_back("AUXILIARY FIELDS: " + fields);
    lines_.push_back("MEASUREMENT: " + measurement.name);
    lines_.push_back("NUMBER OF SHARDS: " + std::to_string(shards));
    lines_.push_back("NUMBER OF SERIES: " + std::to_string(scans.series.load()));
    lines_.push_back("NUMBER OF BLOCKS: " + std::to_string(scans.blocks.load()));
    lines_.push_back("NUMBER OF ROWS: " + std::to_string(rows));
    return {};
}

Status emit_lines(Session &session, const char *title, const std::vector<std::string> &lines) {
    TextTable table("", {{title, exec::Type::string}});
    for (const std::string &line : lines) table.add_text(line);
    return table.emit(session.encoder);
}

}  // namespace

Status execute_explain(Session &session, const Statement &statement) {
    const int64_t begun_ns = session.running.monotonic_ns();
    SourceResolver resolver(session);
    const auto prepared = prepare_select(session, resolver, *statement.select);
    if (!prepared.ok()) return prepared.status();
    const Result<plan::Select> plan = lower_select(**prepared, session.functions);
    if (!plan.ok()) return plan.status();
    if (!statement.flag) {
        Explainer explainer(session, resolver);
        VARVE_RETURN_IF_ERROR(explainer.add(*plan));
        std::vector<std::string> lines = explainer.lines();
        if (lines.empty()) lines.emplace_back();
        return emit_lines(session, "QUERY PLAN", lines);
    }
    exec::Trace trace("select", session.running.monotonic_ns);
    const int64_t planned_ns = session.running.monotonic_ns();
    NoRows nobody;
    VARVE_RETURN_IF_ERROR(exec::run_select(
        {*plan, resolver.snapshots(), session.budget, session.tasks, nobody, nullptr, &trace}));
    trace.time_ns = session.running.monotonic_ns() - planned_ns;
    trace.labels.emplace_back("statement", to_string(*statement.select));
    trace.labels.emplace_back("planning_time", time_text(planned_ns - begun_ns));
    std::vector<std::string> lines = trace_text(trace);
    lines.emplace_back();
    return emit_lines(session, "EXPLAIN ANALYZE", lines);
}

}  // namespace varve::query::influxql
