// DELETE, DROP SERIES and DROP MEASUREMENT: whole rows go, chosen by time, tags and values.
#include <re2/re2.h>

#include "query/languages/influxql/definition/definitions.hpp"
#include "query/languages/influxql/definition/delete_condition.hpp"
#include "query/languages/influxql/select/fold.hpp"
#include "query/languages/influxql/select/lower_condition.hpp"

namespace varve::query::influxql {

namespace {

using Names = std::vector<std::string>;

// A comparison with anything but text cannot be about a tag.
bool compares_numbers(const Expr &expr) {
    if (expr.kind == ExprKind::binary) {
        const Expr &right = without_parens(expr.rhs());
        const bool about_tags = right.kind == ExprKind::string || right.kind == ExprKind::regex;
        if (expr.op != Token::and_op && expr.op != Token::or_op) return !about_tags;
    }
    for (const ExprPtr &arg : expr.args) {
        if (compares_numbers(*arg)) return true;
    }
    return false;
}

class RowDeletion {
  public:
    RowDeletion(Session &session, const Statement &statement)
        : session_(session), statement_(statement) {}

    Status run();

  private:
    Result<Names> measurements() const;
    Result<DeleteCondition> condition_for(const std::string &measurement) const;
    Status remove(const std::string &measurement, const DeleteCondition &condition) const;

    Session &session_;
    const Statement &statement_;
    uint64_t db_id_ = 0;
    SplitCondition split_;
    std::shared_ptr<exec::Snapshot> snapshot_;
};

// Those that FROM names; without it all there are.
Result<Names> RowDeletion::measurements() const {
    if (statement_.kind == StatementKind::drop_measurement) return Names{statement_.name};
    Names names;
    const auto listed = snapshot_->list(&varve_storage::measurements, snapshot_->schema_request());
    if (!listed.ok()) return listed.status();
    const auto add_matching = [&](const std::optional<std::string> &regex) {
        for (const exec::Snapshot::Entry &entry : *listed) {
            if (!regex || re2::RE2::PartialMatch(entry.text, *regex)) names.push_back(entry.text);
        }
    };
    if (statement_.sources.empty()) add_matching(std::nullopt);
    for (const Source &source : statement_.sources) {
        if (source.regex) {
            add_matching(source.regex);
        } else {
            names.push_back(source.name);
        }
    }
    return names;
}

Result<DeleteCondition> RowDeletion::condition_for(const std::string &measurement) const {
    DeleteNames names;
    // DROP SERIES knows tags alone.
    if (split_.rest == nullptr || statement_.kind == StatementKind::drop_series) {
        return lower_delete_condition(split_.rest, names);
    }
    const varve_schema_request request = snapshot_->schema_request(0, measurement);
    const auto fields = snapshot_->list(&varve_storage::field_keys, request);
    if (!fields.ok()) return fields.status();
    for (const exec::Snapshot::Entry &field : *fields) names.fields.insert(field.text);
    const auto tags = snapshot_->list(&varve_storage::tag_keys, request);
    if (!tags.ok()) return tags.status();
    for (const exec::Snapshot::Entry &tag : *tags) names.tags.insert(tag.text);
    return lower_delete_condition(split_.rest, names);
}

// An empty name means every measurement.
Status RowDeletion::remove(const std::string &measurement, const DeleteCondition &condition) const {
    const exec::AbiPredicate series(condition.series);
    const std::vector<varve_value_condition> values = exec::abi_conditions(condition.values);
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = db_id_;
    request.measurement = str(measurement);
    request.from_ns = split_.min_ns.value_or(kTimeMin);
    request.to_ns = split_.max_ns.value_or(kTimeMax) + 1;
    request.series = condition.series.op == VARVE_SERIES_ALL ? nullptr : series.get();
    request.conditions = values.data();
    request.condition_count = static_cast<uint32_t>(values.size());
    request.durability = VARVE_DURABILITY_ALWAYS;
    return session_.storage.delete_rows(request);
}

Status RowDeletion::run() {
    const SourceResolver resolver(session_);
    const Result<Database> database = resolver.database({});
    if (!database.ok()) return database.status();
    db_id_ = database->id;
    Result<SplitCondition> split =
        split_condition(statement_.condition, {session_.now_ns, TimeZone()});
    if (!split.ok()) return split.status();
    split_ = std::move(*split);
    const bool has_time = split_.min_ns.has_value() || split_.max_ns.has_value();
    if (statement_.kind == StatementKind::drop_series) {
        if (has_time) {
            return {Code::invalid_argument, "DROP SERIES doesn't support time in WHERE clause"};
        }
        if (split_.rest != nullptr && compares_numbers(*split_.rest)) {
            return {Code::invalid_argument, "fields not supported in WHERE clause during deletion"};
        }
    }
    Result<std::shared_ptr<exec::Snapshot>> snapshot =
        exec::Snapshot::open(session_.storage, db_id_);
    if (!snapshot.ok()) return snapshot.status();
    snapshot_ = std::move(*snapshot);
    const Result<Names> names = measurements();
    if (!names.ok()) return names.status();

    // All is checked before the first row goes.
    std::vector<DeleteCondition> conditions;
    bool asks_values = false;
    for (const std::string &name : *names) {
        Result<DeleteCondition> condition = condition_for(name);
        if (!condition.ok()) return condition.status();
        asks_values = asks_values || !condition->values.empty();
        conditions.push_back(std::move(*condition));
    }
    const bool is_one = statement_.sources.empty() && !asks_values && !names->empty() &&
                        statement_.kind != StatementKind::drop_measurement;
    if (is_one) return remove({}, conditions.front());
    for (size_t i = 0; i < conditions.size(); ++i) {
        VARVE_RETURN_IF_ERROR(remove((*names)[i], conditions[i]));
    }
    return {};
}

}  // namespace

Status delete_rows(Session &session, const Statement &statement) {
    return RowDeletion(session, statement).run();
}

}  // namespace varve::query::influxql
