#include <algorithm>
#include <set>

#include "query/languages/influxql08/select/lower.hpp"
#include "query/languages/influxql08/select/plan_frame.hpp"

namespace varve::query::influxql08 {

namespace {

plan::Output output_of(const std::string &name, uint32_t input, plan::Type type) {
    plan::Output out;
    out.name = name;
    out.value.op = plan::Op::input;
    out.value.input = input;
    out.type = type;
    return out;
}

class RowLowering {
  public:
    RowLowering(const SelectStatement &select, const SplitCondition &where, Table table)
        : select_(select), where_(where), table_(std::move(table)), inputs_(out_.inputs, 0) {}

    Result<plan::Select> lower();

  private:
    Status add_named();
    Status add_computed();
    Status add_column(const std::string &name);
    void add_all();
    void add_parts(const std::string &name, const TableColumn &column);
    void add_sequence_number();

    const SelectStatement &select_;
    const SplitCondition &where_;
    Table table_;
    plan::Select out_;
    InputList inputs_;
};

// A row that has nothing but its number is none.
void RowLowering::add_sequence_number() {
    if (!table_.has_sequence_number) return;
    plan::Input input{kSequenceNumber, false, plan::Type::integer, false};
    input.counts = false;
    out_.outputs.push_back(output_of(kSequenceNumber, inputs_.add(input), plan::Type::integer));
}

Status RowLowering::add_column(const std::string &name) {
    if (is_origin(table_, name)) return {};  // it comes last
    const auto [shown, column] = table_.find_shown(name);
    if (column == nullptr) return table_.unknown(name);
    add_parts(shown, *column);
    return {};
}

void RowLowering::add_parts(const std::string &name, const TableColumn &column) {
    for (const TableColumn::Part &part : column.parts) {
        const bool is_first = &part == &column.parts.front();
        const uint32_t input = inputs_.add(column.input(part));
        out_.outputs.push_back(output_of(is_first ? name : std::string(), input, part.type));
    }
}

void RowLowering::add_all() {
    for (const auto &[name, column] : table_.columns) add_parts(name, column);
}

// Columns come sorted by name, each once, and those of GROUP BY with them.
Status RowLowering::add_named() {
    std::set<std::string> names;
    for (const std::vector<Value> *list : {&select_.columns, &select_.group_by}) {
        for (const Value &value : *list) {
            if (value.kind == ValueKind::wildcard) {
                add_all();
                return {};
            }
            if (value.kind == ValueKind::call) continue;  // time(…)
            if (value.kind != ValueKind::name) {
                return {Code::invalid_argument, "Invalid column " + value.text};
            }
            if (value.text != "time" && value.text != kSequenceNumber) names.insert(value.text);
        }
    }
    for (const std::string &name : names) VARVE_RETURN_IF_ERROR(add_column(name));
    return {};
}

// Where there is arithmetic, columns are as they are written, and those without a name are called
// after their places.
Status RowLowering::add_computed() {
    for (size_t i = 0; i < select_.columns.size(); ++i) {
        const Value &value = select_.columns[i];
        if (value.kind == ValueKind::name) {
            VARVE_RETURN_IF_ERROR(add_column(value.text));
            continue;
        }
        if (value.kind != ValueKind::binary) continue;
        Result<Expression> computed = lower_arithmetic(table_, value, inputs_);
        if (!computed.ok()) return computed.status();
        plan::Output output;
        output.name = value.alias.empty() ? "expr" + std::to_string(i) : value.alias;
        output.value = std::move(computed->scalar);
        output.type = computed->type;
        out_.outputs.push_back(std::move(output));
    }
    return {};
}

Result<plan::Select> RowLowering::lower() {
    add_sequence_number();
    const bool computes =
        std::any_of(select_.columns.begin(), select_.columns.end(),
                    [](const Value &value) { return value.kind == ValueKind::binary; });
    VARVE_RETURN_IF_ERROR(computes ? add_computed() : add_named());
    if (table_.is_merged) {
        out_.outputs.push_back(output_of(kOrigin, inputs_.add(origin_input()), plan::Type::string));
    }
    VARVE_RETURN_IF_ERROR(add_counting_columns(table_, select_, where_, inputs_));
    VARVE_RETURN_IF_ERROR(set_sources(select_, where_, std::move(table_), out_));
    return std::move(out_);
}

}  // namespace

Result<plan::Select> lower_rows(const SelectStatement &select, const SplitCondition &where,
                                Table table) {
    return RowLowering(select, where, std::move(table)).lower();
}

}  // namespace varve::query::influxql08
