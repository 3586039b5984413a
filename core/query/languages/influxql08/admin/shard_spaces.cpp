// Shard spaces, which are retention policies with a pattern of series, and their shards.
#include <cmath>

#include "query/languages/influxql08/admin/admin.hpp"
#include "query/languages/influxql08/schema.hpp"
#include "query/languages/influxql08/time_condition.hpp"

namespace varve::query::influxql08 {

namespace {

using Kind = JsonValue::Kind;

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kShardsMax = 1000;  // that one request makes
constexpr const char *kForEver = "inf";
const std::string kEverything = "/.*/";

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

std::string duration_text(int64_t duration_ns) {
    if (duration_ns == 0) return kForEver;
    for (const auto &[unit_ns, unit] : {std::pair{kDayNs, "d"}, std::pair{kHourNs, "h"}}) {
        if (duration_ns % unit_ns == 0) return std::to_string(duration_ns / unit_ns) + unit;
    }
    return std::to_string(duration_ns / kSecondNs) + "s";
}

// "30d"; "inf", "" and none at all are for ever, or the default.
Result<std::optional<int64_t>> read_duration(const JsonValue &value) {
    if (!value.is_given() || value.text.empty()) return std::optional<int64_t>();
    if (value.text == kForEver) return std::optional<int64_t>(0);
    const std::optional<int64_t> duration = parse_duration(value.text);
    if (!duration || *duration <= 0) return invalid(value.text + " isn't a valid duration");
    return duration;
}

// What a body says of a policy.
Status describe(const JsonValue &space, influxql::Statement &statement) {
    const auto retention = read_duration(space.at("retentionPolicy"));
    if (!retention.ok()) return retention.status();
    const auto shard = read_duration(space.at("shardDuration"));
    if (!shard.ok()) return shard.status();
    statement.duration_ns = *retention;
    statement.shard_duration_ns = *shard;
    const JsonValue &replicas = space.at("replicationFactor");
    if (replicas.is(Kind::number) && replicas.number >= 1 && replicas.number < 1e6) {
        statement.replication = static_cast<int64_t>(replicas.number);
    }
    return {};
}

void write_space(const Database &database, const RetentionPolicy &policy, const std::string &regex,
                 encode::JsonWriter &out) {
    const std::pair<const char *, std::string> texts[] = {
        {"name", policy.name},
        {"database", database.name},
        {"regex", regex},
        {"retentionPolicy", duration_text(policy.duration_ns)},
        {"shardDuration", duration_text(policy.shard_duration_ns)}};
    out.begin_object();
    for (const auto &[key, text] : texts) {
        out.key(key);
        out.text(text);
    }
    out.key("replicationFactor");
    out.integer(policy.replica_n);
    out.key("split");
    out.integer(1);
    out.end_object();
}

bool is_space(const Database &database, const std::string &policy) {
    for (const ShardSpace &space : database.spaces) {
        if (space.policy == policy) return true;
    }
    return database.default_policy == policy;
}

// Calls visit(database, policy, group) for all shards there are.
template <typename Visit>
Status for_each_shard(const Catalog &catalog, Visit visit) {
    const auto databases = catalog.databases();
    if (!databases.ok()) return databases.status();
    for (const Database &database : *databases) {
        for (const RetentionPolicy &policy : database.policies) {
            const auto groups = catalog.shard_groups(database.id, policy.id);
            if (!groups.ok()) return groups.status();
            for (const ShardGroup &group : *groups) visit(database, policy, group);
        }
    }
    return {};
}

}  // namespace

// The default policy is the space of what no other one has.
Status list_shard_spaces(AdminCall &call) {
    const auto databases = call.session.catalog.databases();
    if (!databases.ok()) return databases.status();
    call.out.begin_array();
    for (const Database &database : *databases) {
        bool has_default = false;
        for (const ShardSpace &space : database.spaces) {
            const RetentionPolicy *const policy = database.policy(space.policy);
            if (policy == nullptr) continue;
            write_space(database, *policy, space.series.text(), call.out);
            has_default = has_default || space.policy == database.default_policy;
        }
        const RetentionPolicy *const last = database.policy(database.default_policy);
        if (!has_default && last != nullptr) write_space(database, *last, kEverything, call.out);
    }
    call.out.end_array();
    return {};
}

Status add_space(AdminCall &call, const std::string &database, const JsonValue &space) {
    const std::string &name = space.at("name").text;
    const std::string &regex = space.at("regex").text;
    if (name.empty()) return invalid("Shard space must have a name");
    if (regex.empty()) return invalid("A regex is required for a shard space");
    const Result<NamePattern> pattern = NamePattern::parse_delimited(regex);
    if (!pattern.ok()) return pattern.status();
    const Result<Database> owner = call.session.catalog.database(database);
    if (!owner.ok()) return invalid("Database '" + database + "' doesn't exist.");
    const auto exists = [&] {
        return invalid("Shard space " + name + " exists for db " + database);
    };
    if (is_space(*owner, name)) return exists();
    influxql::Statement statement;
    statement.kind = influxql::StatementKind::create_retention_policy;
    statement.name = name;
    statement.database = database;
    VARVE_RETURN_IF_ERROR(describe(space, statement));
    const Status made = run_definition(call, statement);
    if (made.code() == Code::already_exists) return exists();
    VARVE_RETURN_IF_ERROR(made);
    return call.session.catalog.set_space(database, name, *pattern);
}

Status create_shard_space(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    return add_space(call, call.database(), *body);
}

Status alter_shard_space(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    const Result<Database> database = call.session.catalog.database(call.database());
    if (!database.ok()) {
        return {Code::failed_precondition,
                "Can't update a shard space for a database that doesn't exist"};
    }
    if (!is_space(*database, call.name) || database->policy(call.name) == nullptr) {
        return {Code::failed_precondition, "Can't update a shard space that doesn't exist"};
    }
    influxql::Statement statement;
    statement.kind = influxql::StatementKind::alter_retention_policy;
    statement.name = call.name;
    statement.database = call.database();
    VARVE_RETURN_IF_ERROR(describe(*body, statement));
    const std::string &regex = body->at("regex").text;
    const Result<NamePattern> pattern = NamePattern::parse_delimited(regex);
    if (!regex.empty() && !pattern.ok()) return pattern.status();
    VARVE_RETURN_IF_ERROR(run_definition(call, statement));
    if (regex.empty()) return {};
    return call.session.catalog.set_space(call.database(), call.name, *pattern);
}

Status drop_shard_space(AdminCall &call) {
    const Result<Database> database = call.session.catalog.database(call.database());
    if (!database.ok()) return invalid("Database '" + call.database() + "' doesn't exist.");
    if (database->default_policy == call.name) {
        return invalid("Shard space " + call.name +
                       " takes what no other has, it cannot be dropped");
    }
    if (!is_space(*database, call.name)) {
        return invalid("Shard space " + call.name + " doesn't exist for db " + database->name);
    }
    influxql::Statement statement;
    statement.kind = influxql::StatementKind::drop_retention_policy;
    statement.name = call.name;
    statement.database = database->name;
    return run_definition(call, statement);
}

Status list_shards(AdminCall &call) {
    call.out.begin_array();
    VARVE_RETURN_IF_ERROR(for_each_shard(
        call.session.catalog,
        [&](const Database &database, const RetentionPolicy &policy, const ShardGroup &group) {
            const std::pair<const char *, int64_t> numbers[] = {
                {"id", static_cast<int64_t>(group.id)},
                {"startTime", group.from_ns / kSecondNs},
                {"endTime", group.to_ns / kSecondNs}};
            call.out.begin_object();
            for (const auto &[key, number] : numbers) {
                call.out.key(key);
                call.out.integer(number);
            }
            call.out.key("serverIds");
            call.out.begin_array();
            call.out.integer(1);
            call.out.end_array();
            call.out.key("spaceName");
            call.out.text(policy.name);
            call.out.key("database");
            call.out.text(database.name);
            call.out.end_object();
        }));
    call.out.end_array();
    return {};
}

// The ones between two times, aligned as all shards are.
Status create_shards(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    const std::string &name = body->at("database").text;
    const Result<Database> database = call.session.catalog.database(name);
    if (!database.ok()) return invalid("Database '" + name + "' doesn't exist.");
    const std::string &space = body->at("spaceName").text;
    const RetentionPolicy *const policy = database->policy(space);
    if (policy == nullptr) {
        return invalid("Shard space " + space + " doesn't exist for db " + name);
    }
    const double from_s = body->at("startTime").number;
    const double to_s = body->at("endTime").number;
    if (!(from_s < to_s) || std::fabs(from_s) > 9e9 || std::fabs(to_s) > 9e9) {
        return invalid("startTime must lie before endTime");
    }
    const int64_t to_ns = static_cast<int64_t>(to_s) * kSecondNs;
    int64_t at_ns = static_cast<int64_t>(from_s) * kSecondNs;
    if ((to_ns - at_ns) / policy->shard_duration_ns >= kShardsMax) {
        return invalid("that are more than " + std::to_string(kShardsMax) + " shards");
    }
    while (at_ns < to_ns) {
        const Result<ShardGroup> group =
            call.session.catalog.ensure_shard_group(database->id, policy->id, at_ns);
        if (!group.ok()) return group.status();
        at_ns = group->to_ns;
    }
    return {};
}

Status drop_shard(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    if (body->at("serverIds").items.empty()) {
        return invalid("Request must have a list of serverIds");
    }
    uint64_t db_id = 0;
    uint64_t rp_id = 0;
    uint64_t shard_id = 0;
    VARVE_RETURN_IF_ERROR(for_each_shard(
        call.session.catalog,
        [&](const Database &database, const RetentionPolicy &policy, const ShardGroup &group) {
            if (std::to_string(group.id) != call.name) return;
            db_id = database.id;
            rp_id = policy.id;
            shard_id = group.id;
        }));
    if (shard_id == 0) return invalid("Shard " + call.name + " doesn't exist");
    VARVE_RETURN_IF_ERROR(call.session.storage.drop_shard(db_id, rp_id, shard_id));
    return call.session.catalog.remove_shard_group(db_id, rp_id, shard_id);
}

}  // namespace varve::query::influxql08
