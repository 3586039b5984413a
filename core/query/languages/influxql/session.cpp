#include "query/languages/influxql/session.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace varve::query::influxql {

std::string_view type_name(plan::Type type) {
    switch (type) {
        case plan::Type::floating:
            return "float";
        case plan::Type::integer:
            return "integer";
        case plan::Type::unsigned_integer:
            return "unsigned";
        case plan::Type::string:
            return "string";
        case plan::Type::boolean:
            return "boolean";
        case plan::Type::none:
            break;
    }
    return "unknown";
}

Result<Database> SourceResolver::database(const std::string &name) const {
    const std::string &chosen = name.empty() ? session_.database : name;
    if (chosen.empty()) return Status(Code::invalid_argument, "database name required");
    return session_.catalog.database(chosen);
}

Result<std::string> SourceResolver::policy_name(const Database &database,
                                                const std::string &name) const {
    std::string chosen = name;
    // The request's policy belongs to the request's database.
    if (chosen.empty() && database.name == session_.database) chosen = session_.retention_policy;
    if (chosen.empty()) chosen = database.default_policy;
    if (chosen.empty()) {
        return Status(Code::not_found, "default retention policy not set for: " + database.name);
    }
    return chosen;
}

Result<RetentionPolicy> SourceResolver::policy(const Database &database,
                                               const std::string &name) const {
    const Result<std::string> chosen = policy_name(database, name);
    if (!chosen.ok()) return chosen.status();
    const RetentionPolicy *found = database.policy(*chosen);
    if (found == nullptr) {
        return Status(Code::not_found, "retention policy not found: " + *chosen);
    }
    return *found;
}

Result<std::shared_ptr<exec::Snapshot>> SourceResolver::snapshot(uint64_t db_id) {
    for (const auto &snapshot : snapshots_) {
        if (snapshot->db_id() == db_id) return snapshot;
    }
    Result<std::shared_ptr<exec::Snapshot>> opened = exec::Snapshot::open(session_.storage, db_id);
    if (opened.ok()) snapshots_.push_back(*opened);
    return opened;
}

namespace {

// What the shards span that the range touches; empty where there are none. A range that ends before
// it begins may touch the shard that holds both ends.
plan::TimeRange touched(const std::vector<ShardGroup> &shards, const plan::TimeRange &range) {
    plan::TimeRange out{kTimeMax, kTimeMin};
    for (const ShardGroup &shard : shards) {
        if (shard.from_ns > range.max_ns || shard.to_ns <= range.min_ns) continue;
        out.min_ns = std::min(out.min_ns, shard.from_ns);
        out.max_ns = std::max(out.max_ns, shard.to_ns - 1);
    }
    return out;
}

}  // namespace

Status SourceResolver::resolve(const Source &source, const plan::TimeRange &range,
                               std::vector<ResolvedSource> &out) {
    const Result<Database> database = this->database(source.database);
    if (!database.ok()) return database.status();
    const Result<RetentionPolicy> policy = this->policy(*database, source.retention_policy);
    if (!policy.ok()) return policy.status();
    if (!source.regex && source.name.empty()) {
        return Status(Code::invalid_argument, "invalid measurement");
    }
    const Result<std::shared_ptr<exec::Snapshot>> snapshot = this->snapshot(database->id);
    if (!snapshot.ok()) return snapshot.status();

    const Result<std::vector<ShardGroup>> shards =
        session_.catalog.shard_groups(database->id, policy->id);
    if (!shards.ok()) return shards.status();

    std::vector<std::string> names;
    if (source.regex) {
        const re2::RE2 regex(*source.regex, re2::RE2::Quiet);
        auto listed = (*snapshot)->list(&varve_storage::measurements,
                                        (*snapshot)->schema_request(policy->id));
        if (!listed.ok()) return listed.status();
        for (const exec::Snapshot::Entry &entry : *listed) {
            if (re2::RE2::PartialMatch(entry.text, regex)) names.push_back(entry.text);
        }
    } else {
        names.push_back(source.name);
    }
    for (const std::string &name : names) {
        const bool known = std::any_of(out.begin(), out.end(), [&](const ResolvedSource &other) {
            return other.of_storage() && other.scan.db_id == database->id &&
                   other.scan.rp_id == policy->id && other.scan.measurement == name;
        });
        if (known) continue;
        ResolvedSource resolved;
        resolved.scan.db_id = database->id;
        resolved.scan.rp_id = policy->id;
        resolved.scan.measurement = name;
        for (const ShardGroup &shard : *shards) {
            resolved.scan.shard_starts.push_back(shard.from_ns);
        }
        resolved.scan.readable = range;
        const plan::TimeRange span = touched(*shards, range);
        // Without shards nothing is known of names, and there are no rows.
        if (!span.empty()) VARVE_RETURN_IF_ERROR(read_schema(**snapshot, span, resolved));
        out.push_back(std::move(resolved));
    }
    return {};
}

Status SourceResolver::read_schema(const exec::Snapshot &snapshot, const plan::TimeRange &range,
                                   ResolvedSource &source) const {
    const varve_schema_request request =
        snapshot.schema_request(source.scan.rp_id, source.scan.measurement);
    varve_schema_request in_range = request;
    in_range.has_range = VARVE_RANGE_SHARDS;
    in_range.from_ns = range.min_ns;
    in_range.to_ns = range.max_ns + 1;
    auto fields = snapshot.list(&varve_storage::field_keys, in_range);
    if (!fields.ok()) return fields.status();
    for (const exec::Snapshot::Entry &entry : *fields) {
        source.fields[entry.text].push_back(static_cast<plan::Type>(entry.type));
    }
    for (auto &[name, types] : source.fields) std::sort(types.begin(), types.end());
    auto tags = snapshot.list(&varve_storage::tag_keys, request);
    if (!tags.ok()) return tags.status();
    for (const exec::Snapshot::Entry &entry : *tags) source.tags.insert(entry.text);
    return {};
}

Names::Names(const std::vector<ResolvedSource> &sources)
    : of_subqueries(!sources.empty() &&
                    std::all_of(sources.begin(), sources.end(), [](const ResolvedSource &source) {
                        return !source.of_storage();
                    })) {
    for (const ResolvedSource &source : sources) {
        for (const auto &[name, types] : source.fields) {
            std::vector<plan::Type> &all = fields[name];
            all.insert(all.end(), types.begin(), types.end());
            if (!source.implied.contains(name)) found.insert(name);
        }
        tags.insert(source.tags.begin(), source.tags.end());
        tag_fields.insert(source.tag_fields.begin(), source.tag_fields.end());
        if (!source.of_storage()) {
            subquery_tags.insert(source.tags.begin(), source.tags.end());
        }
    }
    for (auto &[name, types] : fields) {
        std::sort(types.begin(), types.end());
        types.erase(std::unique(types.begin(), types.end()), types.end());
        // A column of a subquery that has no values, beside one that has.
        if (types.size() > 1) std::erase(types, plan::Type::none);
    }
}

plan::Type type_of_cast(DataType cast) {
    switch (cast) {
        case DataType::floating:
            return plan::Type::floating;
        case DataType::integer:
            return plan::Type::integer;
        case DataType::unsigned_integer:
            return plan::Type::unsigned_integer;
        case DataType::string:
        case DataType::tag:
            return plan::Type::string;
        case DataType::boolean:
            return plan::Type::boolean;
        default:
            return plan::Type::none;
    }
}

plan::Input Names::resolve(const std::string &name, DataType asked_cast) const {
    // What a subquery gives can be made another number, and nothing else.
    const DataType cast = of_subqueries && !plan::is_numeric(type_of_cast(asked_cast))
                              ? DataType::unknown
                              : asked_cast;
    plan::Input input{name, false, plan::Type::none, false};
    const auto field = fields.find(name);
    const bool is_field = field != fields.end() && cast != DataType::tag;
    if (!is_field) {
        const bool may_be_tag = cast == DataType::tag || cast == DataType::unknown;
        if (!may_be_tag || !tags.contains(name)) {
            // A cast of a column that a subquery does not have is one without values.
            if (of_subqueries) input.type = type_of_cast(asked_cast);
            return input;
        }
        input.is_tag = true;
        input.type = plan::Type::string;
        return input;
    }
    const std::vector<plan::Type> &types = field->second;
    if (cast == DataType::unknown || cast == DataType::any_field) {
        input.type = types.front();
    } else if (const plan::Type asked = type_of_cast(cast);
               plan::is_numeric(asked)
                   ? plan::is_numeric(types.front())
                   : std::find(types.begin(), types.end(), asked) != types.end()) {
        input.type = asked;
    }
    input.converts = plan::is_numeric(input.type) &&
                     std::any_of(types.begin(), types.end(), [&](plan::Type type) {
                         return plan::is_numeric(type) && type != input.type;
                     });
    return input;
}

plan::Input Names::resolve_argument(const std::string &name, DataType cast) const {
    plan::Input input = resolve(name, cast);
    if (input.is_tag && subquery_tags.contains(name)) input.is_tag = false;
    return input;
}

}  // namespace varve::query::influxql
