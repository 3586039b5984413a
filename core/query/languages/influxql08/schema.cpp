#include "query/languages/influxql08/schema.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace varve::query::influxql08 {

Result<Database> find_database(const Session &session) {
    Result<Database> database = session.catalog.database(session.database);
    if (database.ok()) return database;
    return Status(Code::not_found, "Database " + session.database + " doesn't exist");
}

Result<std::unique_ptr<Schema>> Schema::open(const Session &session) {
    std::unique_ptr<Schema> schema(new Schema);
    Result<Database> database = find_database(session);
    if (!database.ok()) return database.status();
    schema->database_ = std::move(*database);
    schema->access_ = session.access;
    schema->only_policy_ = session.retention_policy;
    const std::string &first = session.retention_policy.empty() ? schema->database_.default_policy
                                                                : session.retention_policy;
    VARVE_RETURN_IF_ERROR(schema->add_policy(session.catalog, first));
    if (session.retention_policy.empty()) {
        for (const ShardSpace &space : schema->database_.spaces) {
            VARVE_RETURN_IF_ERROR(schema->add_policy(session.catalog, space.policy));
        }
    }
    Result<std::shared_ptr<exec::Snapshot>> snapshot =
        exec::Snapshot::open(session.storage, schema->database_.id);
    if (!snapshot.ok()) return snapshot.status();
    schema->snapshot_ = std::move(*snapshot);
    return schema;
}

Status Schema::add_policy(const Catalog &catalog, const std::string &name) {
    const RetentionPolicy *const policy = database_.policy(name);
    if (policy == nullptr) return {Code::not_found, "retention policy not found: " + name};
    const Result<std::vector<ShardGroup>> shards = catalog.shard_groups(database_.id, policy->id);
    if (!shards.ok()) return shards.status();
    Policy made{policy->id, {}};
    for (const ShardGroup &shard : *shards) made.shard_starts.push_back(shard.from_ns);
    policies_.try_emplace(name, std::move(made));
    return {};
}

const std::string &Schema::policy_of(const std::string &series) const {
    return only_policy_.empty() ? database_.policy_of_series(series) : only_policy_;
}

Result<SeriesSchema> Schema::series(const std::string &name) const {
    SeriesSchema out;
    out.name = name;
    const varve_schema_request request =
        snapshot_->schema_request(policies_.at(policy_of(name)).id, name);
    const auto fields = snapshot_->list(&varve_storage::field_keys, request);
    if (!fields.ok()) return fields.status();
    if (fields->empty()) return Status(Code::not_found, "Couldn't find series: " + name);
    for (const exec::Snapshot::Entry &entry : *fields) {
        const auto type = static_cast<plan::Type>(entry.type);
        if (entry.text == kSequenceNumber && type == plan::Type::integer) {
            out.has_sequence_number = true;
        } else {
            out.columns[entry.text].types.push_back(type);
        }
    }
    for (auto &[column, known] : out.columns) std::sort(known.types.begin(), known.types.end());
    const auto tags = snapshot_->list(&varve_storage::tag_keys, request);
    if (!tags.ok()) return tags.status();
    for (const exec::Snapshot::Entry &entry : *tags) {
        const bool added = out.columns.try_emplace(entry.text).second;
        if (added) out.columns[entry.text] = {{plan::Type::string}, true};
    }
    return out;
}

Result<std::vector<std::string>> Schema::matching(const re2::RE2 *regex) const {
    std::vector<std::string> names;
    for (const auto &[policy_name, policy] : policies_) {
        auto listed =
            snapshot_->list(&varve_storage::measurements, snapshot_->schema_request(policy.id));
        if (!listed.ok()) return listed.status();
        for (exec::Snapshot::Entry &entry : *listed) {
            const bool is_meant = regex == nullptr || re2::RE2::PartialMatch(entry.text, *regex);
            if (is_meant && policy_of(entry.text) == policy_name &&
                access_.may_read(database_.name, entry.text)) {
                names.push_back(std::move(entry.text));
            }
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

plan::ScanSource Schema::source(const std::string &name) const {
    plan::ScanSource out;
    out.db_id = database_.id;
    const Policy &policy = policies_.at(policy_of(name));
    out.rp_id = policy.id;
    out.measurement = name;
    out.shard_starts = policy.shard_starts;
    return out;
}

}  // namespace varve::query::influxql08
