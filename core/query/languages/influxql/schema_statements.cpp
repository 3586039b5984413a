// SHOW statements over the catalog and the storage's schema.
#include <re2/re2.h>

#include <algorithm>

#include "model/duration.hpp"
#include "query/languages/influxql/select/fold.hpp"
#include "query/languages/influxql/select/lower_condition.hpp"
#include "query/languages/influxql/statements.hpp"
#include "query/languages/influxql/text_table.hpp"

namespace varve::query::influxql {

namespace {

using exec::Snapshot;
using exec::Type;
using Kind = StatementKind;
using Entries = std::vector<Snapshot::Entry>;

class SchemaStatement {
  public:
    SchemaStatement(Session &session, const Statement &statement)
        : session_(session), statement_(statement), resolver_(session) {}

    Status run();

  private:
    Status open();
    Status show_databases();
    Status show_policies();
    Status show_measurements();
    Status show_series();
    Status show_tag_keys();
    Status show_tag_values();
    Status show_field_keys();
    Status count_series();
    Status count_measurements();
    Status count_per_measurement();

    varve_schema_request request(std::string_view measurement = {}) const;
    Result<Entries> list(Snapshot::SchemaCall call, const varve_schema_request &request) const {
        return snapshot_->list(call, request);
    }
    // Counted as a SELECT would: of one policy, and OFFSET skips the one row there is.
    bool counts_exactly() const;
    Result<std::vector<std::string>> measurements() const;
    Result<bool> passes(const std::string &measurement, const Expr &raw) const;
    bool names_measurement(const std::string &name) const;
    Result<std::vector<std::string>> wanted_keys(const std::string &measurement) const;

    Session &session_;
    const Statement &statement_;
    SourceResolver resolver_;
    Database database_;
    uint64_t rp_id_ = 0;  // 0 = all
    std::shared_ptr<Snapshot> snapshot_;
    ExprPtr condition_;  // without times; null = none
    plan::SeriesPredicate predicate_;
    std::unique_ptr<exec::AbiPredicate> abi_predicate_;
    bool has_range_ = false;
    plan::TimeRange range_;
};

Status SchemaStatement::open() {
    Result<Database> database = resolver_.database(statement_.database);
    if (!database.ok()) return database.status();
    database_ = std::move(*database);
    Result<std::shared_ptr<Snapshot>> snapshot = resolver_.snapshot(database_.id);
    if (!snapshot.ok()) return snapshot.status();
    snapshot_ = std::move(*snapshot);
    const Result<SplitCondition> split =
        split_condition(statement_.condition, {session_.now_ns, TimeZone()});
    if (!split.ok()) return split.status();
    has_range_ = split->min_ns.has_value() || split->max_ns.has_value();
    range_.min_ns = split->min_ns.value_or(kTimeMin);
    range_.max_ns = split->max_ns.value_or(kTimeMax);
    std::string policy;
    for (const Source &source : statement_.sources) {
        if (!source.retention_policy.empty()) policy = source.retention_policy;
    }
    const bool of_one_policy = statement_.kind == Kind::show_field_keys || counts_exactly() ||
                               (statement_.kind == Kind::show_series && has_range_);
    if (!policy.empty() || of_one_policy) {
        const Result<RetentionPolicy> found = resolver_.policy(database_, policy);
        if (!found.ok()) return found.status();
        rp_id_ = found->id;
    }
    condition_ = split->rest;
    // SHOW MEASUREMENTS tests measurements, not series.
    if (condition_ != nullptr && statement_.kind != Kind::show_measurements) {
        predicate_ = lower_tag_condition(*condition_);
    }
    abi_predicate_ = std::make_unique<exec::AbiPredicate>(predicate_);
    return {};
}

bool SchemaStatement::counts_exactly() const {
    switch (statement_.kind) {
        case Kind::show_tag_key_cardinality:
        case Kind::show_tag_values_cardinality:
        case Kind::show_field_key_cardinality:
            return true;
        case Kind::show_series_cardinality:
        case Kind::show_measurement_cardinality:
            return statement_.flag || !statement_.sources.empty() ||
                   statement_.condition != nullptr || !statement_.dimensions.empty() ||
                   statement_.limit != 0 || statement_.offset != 0;
        default:
            return false;
    }
}

varve_schema_request SchemaStatement::request(std::string_view measurement) const {
    varve_schema_request out = snapshot_->schema_request(rp_id_, measurement);
    out.series = predicate_.op == VARVE_SERIES_ALL ? nullptr : abi_predicate_->get();
    out.has_range = has_range_ ? VARVE_RANGE_POINTS : VARVE_RANGE_NONE;
    out.from_ns = range_.min_ns;
    out.to_ns = range_.max_ns + 1;
    return out;
}

bool SchemaStatement::names_measurement(const std::string &name) const {
    if (statement_.sources.empty()) return true;
    return std::any_of(
        statement_.sources.begin(), statement_.sources.end(), [&](const Source &source) {
            return source.regex ? re2::RE2::PartialMatch(name, *source.regex) : source.name == name;
        });
}

// Those that FROM names and the condition leaves over, sorted.
Result<std::vector<std::string>> SchemaStatement::measurements() const {
    const Result<Entries> listed = list(&varve_storage::measurements, request());
    if (!listed.ok()) return listed.status();
    std::vector<std::string> out;
    for (const Snapshot::Entry &entry : *listed) {
        if (names_measurement(entry.text)) out.push_back(entry.text);
    }
    return out;
}

Status SchemaStatement::show_databases() {
    const Result<std::vector<Database>> databases = session_.catalog.databases();
    if (!databases.ok()) return databases.status();
    TextTable table("databases", {{"name", Type::string}});
    for (const Database &database : *databases) {
        if (session_.access.sees(database.name)) table.add_text(database.name);
    }
    return table.emit(session_.encoder, true);
}

Status SchemaStatement::show_policies() {
    const Result<Database> database = resolver_.database(statement_.database);
    if (!database.ok()) return database.status();
    TextTable table("", {{"name", Type::string},
                         {"duration", Type::string},
                         {"shardGroupDuration", Type::string},
                         {"replicaN", Type::integer},
                         {"default", Type::boolean}});
    for (const RetentionPolicy &policy : database->policies) {
        table.add_text(policy.name);
        table.add_text(format_go_duration(policy.duration_ns));
        table.add_text(format_go_duration(policy.shard_duration_ns));
        table.add_integer(policy.replica_n);
        table.add_boolean(policy.name == database->default_policy);
    }
    return table.emit(session_.encoder, true);
}

// Whether the measurement passes a condition on tags: a test when one of the tag's values does, a
// negated test when none is what it excludes; without the tag it passes neither.
Result<bool> SchemaStatement::passes(const std::string &measurement, const Expr &raw) const {
    const Expr &expr = without_parens(raw);
    if (expr.kind != ExprKind::binary) return expr.kind == ExprKind::boolean && expr.boolean;
    if (expr.op == Token::and_op || expr.op == Token::or_op) {
        const Result<bool> left = passes(measurement, expr.lhs());
        if (!left.ok() || *left == (expr.op == Token::or_op)) return left;
        return passes(measurement, expr.rhs());
    }
    const Expr &tag = without_parens(expr.lhs());
    const Expr &wanted = without_parens(expr.rhs());
    if (tag.kind != ExprKind::reference) return false;
    varve_schema_request values = request(measurement);
    values.tag = str(tag.text);
    const Result<Entries> listed = list(&varve_storage::tag_values, values);
    if (!listed.ok()) return listed.status();
    if (listed->empty()) return false;
    const bool negated = expr.op == Token::neq || expr.op == Token::neq_regex;
    const bool any = std::any_of(listed->begin(), listed->end(), [&](const auto &value) {
        return is_regex_operator(expr.op) ? re2::RE2::PartialMatch(value.text, wanted.text)
                                          : value.text == wanted.text;
    });
    return any != negated;
}

Status SchemaStatement::show_measurements() {
    Result<std::vector<std::string>> listed = measurements();
    if (!listed.ok()) return listed.status();
    std::vector<std::string> names;
    for (std::string &name : *listed) {
        const Result<bool> shown =
            condition_ == nullptr ? Result<bool>(true) : passes(name, *condition_);
        if (!shown.ok()) return shown.status();
        if (*shown) names.push_back(std::move(name));
    }
    if (statement_.with_measurement) {
        const Source &with = *statement_.with_measurement;
        std::erase_if(names, [&](const std::string &name) {
            return with.regex ? !re2::RE2::PartialMatch(name, *with.regex) : with.name != name;
        });
    }
    TextTable table("measurements", {{"name", Type::string}});
    const auto [from, to] = page(names.size(), statement_.limit, statement_.offset);
    for (size_t i = from; i < to; ++i) table.add_text(std::move(names[i]));
    return table.emit(session_.encoder);
}

Status SchemaStatement::show_series() {
    std::vector<std::string> keys;
    const auto add = [&](std::string_view measurement) -> Status {
        const Result<Entries> listed = list(&varve_storage::series, request(measurement));
        if (!listed.ok()) return listed.status();
        for (const Snapshot::Entry &entry : *listed) keys.push_back(entry.text);
        return {};
    };
    if (statement_.sources.empty()) {
        VARVE_RETURN_IF_ERROR(add({}));
    } else {
        const Result<std::vector<std::string>> names = measurements();
        if (!names.ok()) return names.status();
        for (const std::string &name : *names) VARVE_RETURN_IF_ERROR(add(name));
    }
    std::sort(keys.begin(), keys.end());
    TextTable table("", {{"key", Type::string}});
    const auto [from, to] = page(keys.size(), statement_.limit, statement_.offset);
    for (size_t i = from; i < to; ++i) table.add_text(std::move(keys[i]));
    return table.emit(session_.encoder);
}

Status SchemaStatement::show_tag_keys() {
    const Result<std::vector<std::string>> names = measurements();
    if (!names.ok()) return names.status();
    for (const std::string &name : *names) {
        const Result<Entries> keys = list(&varve_storage::tag_keys, request(name));
        if (!keys.ok()) return keys.status();
        TextTable table(name, {{"tagKey", Type::string}});
        const auto [from, to] = page(keys->size(), statement_.limit, statement_.offset);
        for (size_t i = from; i < to; ++i) table.add_text((*keys)[i].text);
        VARVE_RETURN_IF_ERROR(table.emit(session_.encoder));
    }
    return {};
}

// The measurement's tag keys that WITH KEY names, sorted.
Result<std::vector<std::string>> SchemaStatement::wanted_keys(
    const std::string &measurement) const {
    const Result<Entries> listed = list(&varve_storage::tag_keys, request(measurement));
    if (!listed.ok()) return listed.status();
    const std::vector<std::string> &asked = statement_.keys;
    const bool negated = statement_.key_op == Token::neq || statement_.key_op == Token::neq_regex;
    std::vector<std::string> out;
    for (const Snapshot::Entry &key : *listed) {
        const bool named = is_regex_operator(statement_.key_op)
                               ? re2::RE2::PartialMatch(key.text, asked[0])
                               : std::find(asked.begin(), asked.end(), key.text) != asked.end();
        if (asked.empty() || named != negated) out.push_back(key.text);
    }
    return out;
}

Status SchemaStatement::show_tag_values() {
    const Result<std::vector<std::string>> names = measurements();
    if (!names.ok()) return names.status();
    for (const std::string &name : *names) {
        const Result<std::vector<std::string>> keys = wanted_keys(name);
        if (!keys.ok()) return keys.status();
        std::vector<std::pair<std::string, std::string>> rows;
        for (const std::string &key : *keys) {
            varve_schema_request values = request(name);
            values.tag = str(key);
            const Result<Entries> listed = list(&varve_storage::tag_values, values);
            if (!listed.ok()) return listed.status();
            for (const Snapshot::Entry &value : *listed) rows.emplace_back(key, value.text);
        }
        TextTable table(name, {{"key", Type::string}, {"value", Type::string}});
        const auto [from, to] = page(rows.size(), statement_.limit, statement_.offset);
        for (size_t i = from; i < to; ++i) {
            table.add_text(rows[i].first);
            table.add_text(rows[i].second);
        }
        VARVE_RETURN_IF_ERROR(table.emit(session_.encoder));
    }
    return {};
}

Status SchemaStatement::show_field_keys() {
    const Result<std::vector<std::string>> names = measurements();
    if (!names.ok()) return names.status();
    for (const std::string &name : *names) {
        Result<Entries> fields = list(&varve_storage::field_keys, request(name));
        if (!fields.ok()) return fields.status();
        std::sort(fields->begin(), fields->end(), [](const auto &a, const auto &b) {
            return a.text != b.text ? a.text < b.text
                                    : type_name(static_cast<plan::Type>(a.type)) <
                                          type_name(static_cast<plan::Type>(b.type));
        });
        TextTable table(name, {{"fieldKey", Type::string}, {"fieldType", Type::string}});
        const auto [from, to] = page(fields->size(), statement_.limit, statement_.offset);
        for (size_t i = from; i < to; ++i) {
            table.add_text((*fields)[i].text);
            table.add_text(std::string(type_name(static_cast<plan::Type>((*fields)[i].type))));
        }
        VARVE_RETURN_IF_ERROR(table.emit(session_.encoder));
    }
    return {};
}

Status SchemaStatement::count_series() {
    if (counts_exactly()) return count_per_measurement();
    const Result<uint64_t> count = snapshot_->cardinality(request());
    if (!count.ok()) return count.status();
    TextTable table("", {{"cardinality estimation", Type::integer}});
    table.add_integer(static_cast<int64_t>(*count));
    return table.emit(session_.encoder);
}

Status SchemaStatement::count_measurements() {
    const Result<std::vector<std::string>> names = measurements();
    if (!names.ok()) return names.status();
    const bool exact = counts_exactly();
    if (exact && (names->empty() || statement_.offset > 0)) return {};
    TextTable table("", {{exact ? "count" : "cardinality estimation", Type::integer}});
    table.add_integer(static_cast<int64_t>(names->size()));
    return table.emit(session_.encoder);
}

Status SchemaStatement::count_per_measurement() {
    if (statement_.offset > 0) return {};
    const Result<std::vector<std::string>> names = measurements();
    if (!names.ok()) return names.status();
    for (const std::string &name : *names) {
        uint64_t count = 0;
        if (statement_.kind == Kind::show_tag_values_cardinality) {
            const Result<std::vector<std::string>> keys = wanted_keys(name);
            if (!keys.ok()) return keys.status();
            for (const std::string &key : *keys) {
                varve_schema_request values = request(name);
                values.tag = str(key);
                const Result<Entries> listed = list(&varve_storage::tag_values, values);
                if (!listed.ok()) return listed.status();
                count += listed->size();
            }
        } else if (statement_.kind == Kind::show_series_cardinality) {
            const Result<uint64_t> exact = snapshot_->cardinality(request(name));
            if (!exact.ok()) return exact.status();
            count = *exact;
        } else {
            Result<Entries> listed =
                list(statement_.kind == Kind::show_tag_key_cardinality ? &varve_storage::tag_keys
                                                                       : &varve_storage::field_keys,
                     request(name));
            if (!listed.ok()) return listed.status();
            // A field of several types is one key.
            const auto same = [](const auto &a, const auto &b) { return a.text == b.text; };
            listed->erase(std::unique(listed->begin(), listed->end(), same), listed->end());
            count = listed->size();
        }
        if (count == 0) continue;
        TextTable table(name, {{"count", Type::integer}});
        table.add_integer(static_cast<int64_t>(count));
        VARVE_RETURN_IF_ERROR(table.emit(session_.encoder));
    }
    return {};
}

Status SchemaStatement::run() {
    if (statement_.kind == Kind::show_databases) return show_databases();
    if (statement_.kind == Kind::show_retention_policies) return show_policies();
    const Status opened = open();
    // There are no measurements in a database that does not exist.
    if (statement_.kind == Kind::show_measurements && opened.code() == Code::not_found) return {};
    VARVE_RETURN_IF_ERROR(opened);
    switch (statement_.kind) {
        case Kind::show_measurements:
            return show_measurements();
        case Kind::show_series:
            return show_series();
        case Kind::show_tag_keys:
            return show_tag_keys();
        case Kind::show_tag_values:
            return show_tag_values();
        case Kind::show_field_keys:
            return show_field_keys();
        case Kind::show_series_cardinality:
            return count_series();
        case Kind::show_measurement_cardinality:
            return count_measurements();
        default:
            return count_per_measurement();
    }
}

}  // namespace

Status execute_schema(Session &session, const Statement &statement) {
    return SchemaStatement(session, statement).run();
}

}  // namespace varve::query::influxql
