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
    const std::string &policy_name = session.retention_policy.empty()
                                         ? schema->database_.default_policy
                                         : session.retention_policy;
    const RetentionPolicy *const policy = schema->database_.policy(policy_name);
    if (policy == nullptr) {
        return Status(Code::not_found, "retention policy not found: " + policy_name);
    }
    schema->rp_id_ = policy->id;
    const Result<std::vector<ShardGroup>> shards =
        session.catalog.shard_groups(schema->database_.id, policy->id);
    if (!shards.ok()) return shards.status();
    for (const ShardGroup &shard : *shards) schema->shard_starts_.push_back(shard.from_ns);
    Result<std::shared_ptr<exec::Snapshot>> snapshot =
        exec::Snapshot::open(session.storage, schema->database_.id);
    if (!snapshot.ok()) return snapshot.status();
    schema->snapshot_ = std::move(*snapshot);
    return schema;
}

Result<SeriesSchema> Schema::series(const std::string &name) const {
    SeriesSchema out;
    out.name = name;
    const varve_schema_request request = snapshot_->schema_request(rp_id_, name);
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
    auto listed = snapshot_->list(&varve_storage::measurements, snapshot_->schema_request(rp_id_));
    if (!listed.ok()) return listed.status();
    std::vector<std::string> names;
    for (exec::Snapshot::Entry &entry : *listed) {
        if (regex == nullptr || re2::RE2::PartialMatch(entry.text, *regex)) {
            names.push_back(std::move(entry.text));
        }
    }
    return names;
}

plan::ScanSource Schema::source(const std::string &name) const {
    plan::ScanSource out;
    out.db_id = database_.id;
    out.rp_id = rp_id_;
    out.measurement = name;
    out.shard_starts = shard_starts_;
    return out;
}

}  // namespace varve::query::influxql08
