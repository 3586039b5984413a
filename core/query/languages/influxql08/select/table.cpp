#include "query/languages/influxql08/select/table.hpp"

#include <algorithm>

namespace varve::query::influxql08 {

const TableColumn::Part *TableColumn::part(plan::Type type) const {
    for (const Part &part : parts) {
        if (part.type == type) return &part;
    }
    return nullptr;
}

bool TableColumn::has_numbers() const {
    return std::any_of(parts.begin(), parts.end(),
                       [](const Part &part) { return plan::is_numeric(part.type); });
}

plan::Input TableColumn::input(const Part &part) const {
    return {part.input, is_tag, part.type, false};
}

plan::Input TableColumn::numbers() const {
    const auto first = std::find_if(parts.begin(), parts.end(),
                                    [](const Part &part) { return plan::is_numeric(part.type); });
    plan::Input out = input(*first);
    out.converts = std::count_if(parts.begin(), parts.end(),
                                 [](const Part &part) { return plan::is_numeric(part.type); }) > 1;
    if (out.converts) out.type = plan::Type::floating;
    return out;
}

std::pair<std::string, const TableColumn *> Table::find_shown(const std::string &column) const {
    for (const std::string &prefix : prefixes) {
        if (!column.starts_with(prefix + ".")) continue;
        const auto found = columns.find(column.substr(prefix.size() + 1));
        if (found != columns.end()) return {found->first, &found->second};
    }
    const auto found = columns.find(column);
    if (found == columns.end()) return {column, nullptr};
    return {column, &found->second};
}

Status Table::unknown(const std::string &column) const {
    if (is_join) return {Code::not_found, "Cannot find column " + column};
    return {Code::not_found, "Field " + column + " doesn't exist in series " + name};
}

namespace {

void add_types(const std::string &input, const Column &from, TableColumn &into) {
    if (into.parts.empty()) into.is_tag = from.is_tag;
    // A tag here, a field there: the field's values are read.
    if (into.is_tag && !from.is_tag) {
        into.is_tag = false;
        into.parts.clear();
    }
    if (from.is_tag && !into.is_tag) return;
    for (const plan::Type type : from.types) {
        if (into.part(type) == nullptr) into.parts.push_back({input, type});
    }
    std::sort(into.parts.begin(), into.parts.end(),
              [](const auto &a, const auto &b) { return a.type < b.type; });
}

void add_series(const Schema &schema, const SeriesSchema &series, Table &out) {
    out.sources.push_back(schema.source(series.name));
    out.has_sequence_number = out.has_sequence_number || series.has_sequence_number;
    for (const auto &[name, column] : series.columns) add_types(name, column, out.columns[name]);
}

// A side of a join: all its columns, each part of which is an output.
plan::Select side_select(const Schema &schema, const SeriesSchema &series, const std::string &shown,
                         const plan::TimeRange &range, bool ascending, Table &out) {
    Table alone;
    add_series(schema, series, alone);
    plan::Select side;
    side.range = range;
    side.ascending = ascending;
    side.measurements.push_back({series.name, std::move(alone.sources)});
    for (const auto &[name, column] : alone.columns) {
        TableColumn &joined = out.columns[shown + "." + name];
        for (const TableColumn::Part &part : column.parts) {
            joined.parts.push_back({shown + "." + name, part.type});
            plan::Output output;
            output.name = shown + "." + name;
            output.value.op = plan::Op::input;
            output.value.input = static_cast<uint32_t>(side.inputs.size());
            output.type = part.type;
            side.inputs.push_back(column.input(part));
            side.outputs.push_back(std::move(output));
        }
    }
    return side;
}

struct JoinSide {
    std::string name;
    std::string shown;
};

Result<Table> join_table(const Schema &schema, const std::string &name,
                         const std::vector<JoinSide> &sides, const plan::TimeRange &range,
                         bool ascending) {
    Table out;
    out.name = name;
    out.is_join = true;
    auto joined = std::make_shared<plan::Select>();
    auto pairing = std::make_shared<plan::Pairing>();
    joined->range = range;
    joined->ascending = ascending;
    joined->measurements.push_back({name, {}});
    for (const JoinSide &side : sides) {
        const Result<SeriesSchema> series = schema.series(side.name);
        if (!series.ok()) return series.status();
        auto select = std::make_shared<plan::Select>(
            side_select(schema, *series, side.shown, range, ascending, out));
        for (const plan::Output &output : select->outputs) {
            plan::Output passed = output;
            passed.value.input = static_cast<uint32_t>(joined->outputs.size());
            joined->outputs.push_back(std::move(passed));
        }
        pairing->sides.push_back(std::move(select));
    }
    joined->pairing = std::move(pairing);
    plan::ScanSource source;
    source.measurement = name;
    source.subquery = std::move(joined);
    out.sources.push_back(std::move(source));
    return out;
}

Result<std::vector<std::string>> names_of(const Schema &schema, const From &from) {
    if (from.regex != nullptr) return schema.matching(from.regex.get());
    std::vector<std::string> names;
    names.reserve(from.names.size());
    for (const TableName &table : from.names) names.push_back(table.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Result<std::vector<Table>> join_tables(const Schema &schema, const SelectStatement &select,
                                       const plan::TimeRange &range) {
    std::vector<JoinSide> sides;
    if (select.from.regex != nullptr) {
        const auto names = schema.matching(select.from.regex.get());
        if (!names.ok()) return names.status();
        for (const std::string &name : *names) sides.push_back({name, name});
    } else {
        for (const TableName &table : select.from.names)
            sides.push_back({table.name, table.shown()});
    }
    std::vector<Table> out;
    if (sides.empty()) return out;
    Result<Table> table = join_table(schema, select.from.text, sides, range, select.ascending);
    if (!table.ok()) return table.status();
    out.push_back(std::move(*table));
    return out;
}

}  // namespace

Result<std::vector<Table>> resolve_tables(const Session &session, const Schema &schema,
                                          const SelectStatement &select,
                                          const plan::TimeRange &range) {
    if (select.from.kind == From::Kind::join) return join_tables(schema, select, range);
    const Result<std::vector<std::string>> names = names_of(schema, select.from);
    if (!names.ok()) return names.status();
    const bool merges = select.from.kind == From::Kind::merge;
    std::vector<Table> out;
    for (const std::string &name : *names) {
        VARVE_RETURN_IF_ERROR(session.budget.check());
        const Result<SeriesSchema> series = schema.series(name);
        if (!series.ok()) return series.status();
        if (out.empty() || !merges) {
            out.emplace_back();
            out.back().name = merges ? "merged" : name;
            out.back().is_merged = merges;
        }
        out.back().prefixes.push_back(name);
        add_series(schema, *series, out.back());
    }
    return out;
}

}  // namespace varve::query::influxql08
