#include "query/languages/influxql/select/expand.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace varve::query::influxql {

namespace {

struct Column {
    std::string name;
    bool is_tag = false;
    plan::Type type = plan::Type::none;
    bool is_tag_field = false;  // a tag that a subquery selects
};

bool is_pattern(const Expr &expr) {
    return expr.kind == ExprKind::wildcard || expr.kind == ExprKind::regex;
}

class Pattern {
  public:
    explicit Pattern(const Expr &expr) : expr_(expr), regex_(expr.text, re2::RE2::Quiet) {}
    bool matches(const Column &column) const {
        if (expr_.kind == ExprKind::regex) return re2::RE2::PartialMatch(column.name, regex_);
        const bool is_tag = column.is_tag || column.is_tag_field;
        if (expr_.cast == DataType::any_field) return !is_tag;
        return expr_.cast != DataType::tag || is_tag;
    }

  private:
    const Expr &expr_;
    re2::RE2 regex_;
};

// Sorted by name, a field before a tag of the same name.
std::vector<Column> all_columns(const Names &names, bool with_tags,
                                const std::vector<std::string> &group_tags) {
    std::vector<Column> out;
    for (const auto &[name, types] : names.fields) {
        if (!names.found.contains(name)) continue;
        out.push_back({name, false, types.front(), names.tag_fields.contains(name)});
    }
    for (const std::string &tag : names.tags) {
        if (!with_tags) break;
        if (std::find(group_tags.begin(), group_tags.end(), tag) != group_tags.end()) continue;
        out.push_back({tag, true, plan::Type::string});
    }
    std::sort(out.begin(), out.end(), [](const Column &a, const Column &b) {
        return a.name != b.name ? a.name < b.name : a.is_tag < b.is_tag;
    });
    return out;
}

std::string field_name(const Expr &expr) {
    switch (expr.kind) {
        case ExprKind::reference:
        case ExprKind::call:
            return expr.text;
        case ExprKind::paren:
            return field_name(*expr.args[0]);
        case ExprKind::binary: {
            const std::string left = field_name(expr.lhs());
            const std::string right = field_name(expr.rhs());
            return left.empty() || right.empty() ? left + right : left + "_" + right;
        }
        default:
            return {};
    }
}

// The call with the pattern, where the outermost call's first arguments lead.
const Expr &innermost(const Expr &call) {
    const Expr *at = &call;
    while (!at->args.empty() && at->args[0]->kind == ExprKind::call) at = at->args[0].get();
    return *at;
}

ExprPtr with_innermost_field(const Expr &call, const std::string &field) {
    std::vector<ExprPtr> args = call.args;
    args[0] = args[0]->kind == ExprKind::call ? with_innermost_field(*args[0], field)
                                              : make_reference(field);
    return make_call(call.text, std::move(args));
}

Status expand_call(const Field &field, const std::vector<Column> &columns, const Names &names,
                   const FunctionTable &functions, std::vector<Field> &out) {
    const Expr &call = innermost(*field.expr);
    if (call.args[0]->kind == ExprKind::wildcard && call.args[0]->cast == DataType::tag) {
        return {Code::invalid_argument, "unable to use tag wildcard in " + call.text + "()"};
    }
    const varve_function *function = functions.find(call.text);
    const Pattern pattern(*call.args[0]);
    for (const Column &column : columns) {
        const bool accepted = (function->accepted_types >> static_cast<uint32_t>(column.type) & 1);
        if (column.is_tag || !accepted || !pattern.matches(column)) continue;
        if (names.tag_fields.contains(column.name)) continue;
        const std::string base = field.alias.empty() ? field.expr->text : field.alias;
        out.push_back({with_innermost_field(*field.expr, column.name), base + "_" + column.name});
    }
    return {};
}

// top(v, host, 2) is followed by the column host, histogram(v, 10) by the column count.
void add_further_columns(const Expr &call, const FunctionTable &functions,
                         std::vector<Field> &out) {
    const varve_function &function = *functions.find(call.text);
    const bool ranks = (function.flags & VARVE_FUNCTION_RANKS) != 0;
    for (size_t i = 1; ranks && i + 1 < call.args.size(); ++i)
        out.push_back({call.args[i], {}, true});
    Expr of_column = call;
    for (const varve_function_column &column : extra_columns(function)) {
        ++of_column.integer;
        out.push_back({std::make_shared<const Expr>(of_column), column.name});
    }
}

bool has_pattern(const Expr &expr) {
    if (expr.kind != ExprKind::call) return false;
    const Expr &call = innermost(expr);
    return !call.args.empty() && is_pattern(*call.args[0]);
}

}  // namespace

std::vector<std::string> expand_dimensions(const std::vector<ExprPtr> &dimensions,
                                           const Names &names) {
    std::set<std::string> out;
    for (const ExprPtr &dimension : dimensions) {
        if (!is_pattern(*dimension)) {
            out.insert(dimension->text);
            continue;
        }
        const Pattern pattern(*dimension);
        for (const std::string &tag : names.tags) {
            if (pattern.matches({tag, true, plan::Type::string})) out.insert(tag);
        }
    }
    return {out.begin(), out.end()};
}

Result<std::vector<Field>> expand_fields(const CheckedSelect &checked, const Names &names,
                                         const std::vector<std::string> &group_tags,
                                         const FunctionTable &functions) {
    const bool pattern_groups =
        std::any_of(checked.dimensions.begin(), checked.dimensions.end(),
                    [](const ExprPtr &dimension) { return is_pattern(*dimension); });
    const std::vector<Column> columns = all_columns(names, !pattern_groups, group_tags);
    std::vector<Field> out;
    for (const Field &field : checked.fields) {
        const Expr &expr = *field.expr;
        if (is_pattern(expr)) {
            const Pattern pattern(expr);
            for (const Column &column : columns) {
                if (!pattern.matches(column)) continue;
                out.push_back({make_reference(column.name,
                                              column.is_tag ? DataType::tag : DataType::any_field),
                               {}});
            }
        } else if (has_pattern(expr)) {
            VARVE_RETURN_IF_ERROR(expand_call(field, columns, names, functions, out));
        } else {
            out.push_back(field);
            if (expr.kind == ExprKind::call) add_further_columns(expr, functions, out);
        }
    }
    return out;
}

std::vector<std::string> column_names(const std::vector<Field> &fields) {
    std::vector<std::string> out(fields.size());
    std::map<std::string, int> taken;
    for (size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].alias.empty()) continue;
        out[i] = fields[i].alias;
        taken[out[i]] = 1;
    }
    for (size_t i = 0; i < fields.size(); ++i) {
        if (!out[i].empty()) continue;
        std::string name = field_name(*fields[i].expr);
        const auto found = taken.find(name);
        if (found != taken.end()) {
            int &next = found->second;
            while (taken.contains(name + "_" + std::to_string(next))) ++next;
            name += "_" + std::to_string(next++);
        }
        taken.emplace(name, 1);
        out[i] = std::move(name);
    }
    return out;
}

std::vector<std::string> inner_column_names(const std::vector<Field> &fields) {
    std::vector<std::string> out;
    out.reserve(fields.size());
    for (const Field &field : fields) {
        out.push_back(field.alias.empty() ? field_name(*field.expr) : field.alias);
    }
    return out;
}

}  // namespace varve::query::influxql
