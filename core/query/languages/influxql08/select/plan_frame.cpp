#include "query/languages/influxql08/select/plan_frame.hpp"

namespace varve::query::influxql08 {

plan::Input origin_input() {
    plan::Input input;
    input.name = kOrigin;
    input.is_tag = true;
    input.is_origin = true;
    input.type = plan::Type::string;
    return input;
}

bool is_origin(const Table &table, const std::string &name) {
    return table.is_merged && name == kOrigin;
}

Status add_counting_columns(const Table &table, const SelectStatement &select,
                            const SplitCondition &where, InputList &inputs) {
    Status status;
    const auto add = [&](const std::string &name) {
        if (name == kSequenceNumber || is_origin(table, name)) return;
        const TableColumn *const column = table.find(name);
        if (column == nullptr) {
            status = table.unknown(name);
            return;
        }
        for (const TableColumn::Part &part : column->parts) inputs.add(column->input(part));
    };
    if (where.rest) for_each_name(*where.rest, add);
    for (const Value &value : select.group_by) {
        if (value.kind == ValueKind::name) add(value.text);
    }
    if (!inputs.has_tags_alone()) return status;
    // A point has its tags, whatever its fields are.
    for (const auto &[name, column] : table.columns) {
        for (const TableColumn::Part &part : column.parts) inputs.add(column.input(part));
    }
    return status;
}

Status set_sources(const SelectStatement &select, const SplitCondition &where, Table table,
                   plan::Select &out) {
    out.range = where.range;
    out.ascending = select.ascending;
    out.limit = static_cast<uint64_t>(select.limit);
    plan::Measurement measurement;
    measurement.name = table.name;
    measurement.sources = std::move(table.sources);
    table.sources.clear();
    if (where.rest) {
        std::vector<plan::Input> filter_inputs;
        InputList inputs(filter_inputs, static_cast<uint32_t>(out.inputs.size()));
        const Result<plan::Scalar> filter = lower_condition(table, *where.rest, inputs);
        if (!filter.ok()) return filter.status();
        for (plan::ScanSource &source : measurement.sources) {
            source.filter = *filter;
            source.filter_inputs = filter_inputs;
        }
    }
    out.measurements.push_back(std::move(measurement));
    return {};
}

}  // namespace varve::query::influxql08
