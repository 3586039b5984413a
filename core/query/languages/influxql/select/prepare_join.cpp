#include "query/languages/influxql/select/prepare_join.hpp"

#include <algorithm>

#include "query/languages/influxql/select/lower_select.hpp"

namespace varve::query::influxql {

namespace {

void collect(const Expr &expr, JoinNeeds &needs) {
    if (expr.kind == ExprKind::wildcard || expr.kind == ExprKind::regex) needs.all = true;
    if (expr.kind == ExprKind::reference || expr.kind == ExprKind::distinct) {
        needs.names.insert(expr.text);
    }
    // What stands behind =~ names no field.
    const bool matches = expr.kind == ExprKind::binary && is_regex_operator(expr.op);
    for (size_t i = 0; i < (matches ? 1 : expr.args.size()); ++i) collect(*expr.args[i], needs);
}

// "a.v" without "a."; nothing = another side's name, or none.
std::string field_of(const std::string &side, const std::string &name) {
    const bool named = !side.empty() && name.size() > side.size() + 1 && name.starts_with(side) &&
                       name[side.size()] == '.';
    return named ? name.substr(side.size() + 1) : std::string();
}

bool is_tag_of(const Join &join, const std::string &name) {
    return std::find(join.tags.begin(), join.tags.end(), name) != join.tags.end();
}

// SELECT what the join needs of the side FROM the side GROUP BY the tags.
std::shared_ptr<const SelectStatement> side_statement(const Source &source, const std::string &name,
                                                      const Join &join, const JoinNeeds &needs) {
    auto out = std::make_shared<SelectStatement>();
    out->sources.push_back(source);
    out->sources.front().alias.clear();
    for (const std::string &tag : join.tags) out->dimensions.push_back(make_reference(tag));
    for (const std::string &needed : needs.names) {
        if (is_tag_of(join, needed)) continue;
        const std::string field = field_of(name, needed);
        out->fields.push_back({make_reference(field.empty() ? needed : field), {}});
    }
    if (needs.all || out->fields.empty()) {
        auto every_field = std::make_shared<Expr>();
        every_field->kind = ExprKind::wildcard;
        every_field->cast = DataType::any_field;
        out->fields = {{every_field, {}}};
    }
    return out;
}

Result<PreparedJoin::Side> prepare_side(const Session &session, SourceResolver &resolver,
                                        const Source &source, const Join &join,
                                        const JoinNeeds &needs, const OuterSelect &around) {
    if (source.regex) {
        return Status(Code::invalid_argument,
                      "JOIN takes one measurement or subquery on each side, not a regex");
    }
    PreparedJoin::Side side;
    side.name = source.alias.empty() ? source.name : source.alias;
    side.statement = side_statement(source, side.name, join, needs);
    const auto select = prepare_select(session, resolver, *side.statement, &around);
    if (!select.ok()) return select.status();
    side.select = *select;
    Result<std::vector<plan::Output>> outputs = lower_outputs(**select, session.functions);
    if (!outputs.ok()) return outputs.status();
    side.outputs = std::move(*outputs);
    // What is asked for may all be the other side's; this one's rows count all the same.
    const bool has_rows =
        needs.all || std::any_of(side.outputs.begin(), side.outputs.end(), [](const auto &output) {
            return output.type != plan::Type::none;
        });
    if (has_rows) return side;
    JoinNeeds everything = needs;
    everything.all = true;
    return prepare_side(session, resolver, source, join, everything, around);
}

void add_matches(const PreparedJoin::Side &side, uint32_t first_input, const std::string &name,
                 std::vector<PreparedJoin::Column> &out) {
    const std::string field = field_of(side.name, name);
    for (uint32_t i = 0; i < side.outputs.size(); ++i) {
        const plan::Output &output = side.outputs[i];
        if (output.type == plan::Type::none) continue;
        if (output.name != name && (field.empty() || output.name != field)) continue;
        out.push_back({name, first_input + i, output.type});
    }
}

void add_all(const PreparedJoin::Side &side, uint32_t first_input,
             std::vector<PreparedJoin::Column> &out) {
    for (uint32_t i = 0; i < side.outputs.size(); ++i) {
        const plan::Output &output = side.outputs[i];
        if (output.type == plan::Type::none) continue;
        const std::string prefix = side.name.empty() ? "" : side.name + ".";
        out.push_back({prefix + output.name, first_input + i, output.type});
    }
}

Status choose_columns(const JoinNeeds &needs, PreparedJoin &join) {
    const auto right_input = static_cast<uint32_t>(join.left.outputs.size());
    if (needs.all) {
        add_all(join.left, 0, join.columns);
        add_all(join.right, right_input, join.columns);
    }
    for (const std::string &name : needs.names) {
        if (std::binary_search(join.tags.begin(), join.tags.end(), name)) continue;
        std::vector<PreparedJoin::Column> matches;
        add_matches(join.left, 0, name, matches);
        add_matches(join.right, right_input, name, matches);
        if (matches.size() > 1) {
            return {Code::invalid_argument, "JOIN: both sides have a field " +
                                                quote_identifier(name) + ", write SIDE." +
                                                quote_identifier(name)};
        }
        const bool known = std::any_of(join.columns.begin(), join.columns.end(),
                                       [&](const auto &column) { return column.name == name; });
        if (!known) join.columns.insert(join.columns.end(), matches.begin(), matches.end());
    }
    return {};
}

std::string measurement_of(const PreparedJoin::Side &side) {
    if (!side.name.empty()) return side.name;
    const auto &sources = side.select->sources;
    return sources.empty() ? "" : sources.front().scan.measurement;
}

}  // namespace

JoinNeeds::JoinNeeds(const CheckedSelect &checked) {
    for (const Field &field : checked.fields) collect(*field.expr, *this);
    if (checked.condition != nullptr) collect(*checked.condition, *this);
    if (checked.having != nullptr) collect(*checked.having, *this);
}

Result<ResolvedSource> prepare_join(const Session &session, SourceResolver &resolver,
                                    const Join &join, const JoinNeeds &needs,
                                    const OuterSelect &around) {
    auto out = std::make_shared<PreparedJoin>();
    Result<PreparedJoin::Side> left =
        prepare_side(session, resolver, join.left, join, needs, around);
    if (!left.ok()) return left.status();
    Result<PreparedJoin::Side> right =
        prepare_side(session, resolver, join.right, join, needs, around);
    if (!right.ok()) return right.status();
    out->left = std::move(*left);
    out->right = std::move(*right);
    out->tags = join.tags;
    std::sort(out->tags.begin(), out->tags.end());
    out->tags.erase(std::unique(out->tags.begin(), out->tags.end()), out->tags.end());
    out->measurement = measurement_of(out->left) + "_" + measurement_of(out->right);
    VARVE_RETURN_IF_ERROR(choose_columns(needs, *out));

    ResolvedSource source;
    source.scan.measurement = out->measurement;
    source.tags.insert(out->tags.begin(), out->tags.end());
    for (const PreparedJoin::Column &column : out->columns) {
        source.fields[column.name] = {column.type};
    }
    source.join = std::move(out);
    return source;
}

Result<plan::Select> lower_join(const PreparedJoin &join, const FunctionTable &functions,
                                const plan::TimeRange &range, bool ascending) {
    Result<plan::Select> left = lower_select(*join.left.select, functions, join.tags);
    if (!left.ok()) return left;
    Result<plan::Select> right = lower_select(*join.right.select, functions, join.tags);
    if (!right.ok()) return right;
    plan::Select out;
    out.measurements.push_back({join.measurement, {}});
    out.join = std::make_shared<const plan::Join>(
        plan::Join{std::make_shared<const plan::Select>(std::move(*left)),
                   std::make_shared<const plan::Select>(std::move(*right))});
    out.group_tags = join.tags;
    out.range = range;
    out.ascending = ascending;
    for (const PreparedJoin::Column &column : join.columns) {
        plan::Output output{column.name, {}, column.type};
        output.value.op = plan::Op::input;
        output.value.input = column.input;
        out.outputs.push_back(std::move(output));
    }
    return out;
}

}  // namespace varve::query::influxql
