// What exists: databases with their retention policies, shard groups, continuous queries and
// subscriptions. The write and the query path see the
// catalog only through this interface; core/catalog keeps it in SQLite, tests keep it in memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.hpp"
#include "model/name_pattern.hpp"
#include "model/time.hpp"

namespace varve {

struct RetentionPolicy {
    uint64_t id = 0;  // unique in the whole catalog, never 0, never used again
    std::string name;
    int64_t duration_ns = 0;  // 0 = keep for ever
    int64_t shard_duration_ns = 0;
    uint32_t replica_n = 1;
    bool is_default = false;
};

// InfluxDB 0.8's view of a policy: the series whose points go there.
struct ShardSpace {
    std::string policy;
    NamePattern series;
};

struct Database {
    uint64_t id = 0;  // unique in the whole catalog, never 0, never used again
    std::string name;
    std::string default_policy;             // may name a policy that was dropped; empty = none
    std::vector<RetentionPolicy> policies;  // in the order of their creation
    std::string durability;            // of writes, as storage.durability; empty = what that says
    std::vector<ShardSpace> spaces{};  // in the order of their creation

    // Null if there is none of this name.
    const RetentionPolicy *policy(std::string_view policy_name) const {
        for (const RetentionPolicy &policy : policies) {
            if (policy.name == policy_name) return &policy;
        }
        return nullptr;
    }

    // The policy that a series of InfluxDB 0.8 belongs to: that of the first space that has it,
    // else the default.
    const std::string &policy_of_series(std::string_view series) const {
        for (const ShardSpace &space : spaces) {
            if (space.series.matches(series)) return space.policy;
        }
        return default_policy;
    }
};

struct ShardGroup {
    uint64_t id = 0;
    int64_t from_ns = 0;  // inclusive
    int64_t to_ns = 0;    // exclusive
};

struct ContinuousQuery {
    uint64_t id = 0;  // never 0, never used again
    std::string database;
    std::string name;
    std::string text;         // the normalised CREATE statement
    int64_t last_run_ns = 0;  // 0 = it never ran
};

// One of InfluxDB 0.8, which has no name: its database counts its own.
struct ContinuousQuery08 {
    uint64_t id = 0;  // never 0, never used again
    uint64_t db_id = 0;
    std::string database;
    uint64_t number = 0;             // from 1
    std::string text;                // the SELECT as it was asked
    int64_t last_run_ns = kTimeMin;  // all before it is computed
};

// Of one database.
inline constexpr uint64_t kContinuousQueries08Max = 1000;

// Where copies of what is written to a policy go.
struct Subscription {
    uint64_t id = 0;  // never 0, never used again
    std::string database;
    std::string retention_policy;
    std::string name;
    bool to_all = true;  // ALL: each destination gets everything; ANY: one after the other
    std::vector<std::string> destinations;  // URLs
};

// A policy to be made. What is absent takes its default: duration 0, one replica, the shard
// duration that goes with the duration (see default_shard_duration_ns).
struct RetentionPolicySpec {
    std::optional<std::string> name;  // absent = "autogen"
    std::optional<int64_t> duration_ns;
    std::optional<int64_t> shard_duration_ns;
    std::optional<uint32_t> replica_n;
    bool make_default = false;
    std::string database_durability;  // of a database that is made with it
};

struct RetentionPolicyChange {  // what is absent stays
    std::optional<std::string> name;
    std::optional<int64_t> duration_ns;
    std::optional<int64_t> shard_duration_ns;
    std::optional<uint32_t> replica_n;
    bool make_default = false;
};

inline constexpr int64_t kHourNs = 3600LL * 1000000000LL;
inline constexpr int64_t kDayNs = 24 * kHourNs;
inline constexpr int64_t kRetentionDurationMinNs = kHourNs;

// Policy < 2 d → 1 h; < 180 d → 1 d; longer or infinite → 7 d.
constexpr int64_t default_shard_duration_ns(int64_t duration_ns) {
    if (duration_ns == 0 || duration_ns >= 180 * kDayNs) return 7 * kDayNs;
    return duration_ns >= 2 * kDayNs ? kDayNs : kHourNs;
}

// The shard duration that a policy really gets: the asked one, at least an hour; 0 = the default.
constexpr int64_t effective_shard_duration_ns(int64_t asked_ns, int64_t duration_ns) {
    if (asked_ns == 0) return default_shard_duration_ns(duration_ns);
    return asked_ns < kHourNs ? kHourNs : asked_ns;
}

// [any thread] Every call sees all earlier ones; changes are durable when they return. Error texts
// are InfluxDB's, given with each call.
class Catalog {
  public:
    virtual ~Catalog() = default;

    // In the order of their creation.
    virtual Result<std::vector<Database>> databases() const = 0;
    // not_found "database not found: NAME".
    virtual Result<Database> database(std::string_view name) const = 0;

    // Without a spec: makes policy "autogen" and makes it the default; ok if the database exists.
    // With one: ok if database and policy exist and are equal, else already_exists
    // "retention policy conflicts with an existing policy", or "database already exists with
    // another durability" (none asked for is the same). invalid_argument "invalid name".
    virtual Status create_database(std::string_view name,
                                   const std::optional<RetentionPolicySpec> &spec) = 0;
    // Ok if there is none.
    virtual Status drop_database(std::string_view name) = 0;
    // Continuous queries get the texts given by their ids, which name the database anew; one that
    // was dropped meanwhile is passed over. not_found; already_exists "database already exists:
    // TO"; invalid_argument "invalid name".
    virtual Status rename_database(std::string_view from, std::string_view to,
                                   const std::map<uint64_t, std::string> &query_texts) = 0;

    // Ok if an equal one exists. already_exists "retention policy already exists"; not_found
    // "database not found: NAME"; invalid_argument "retention policy duration must be at least
    // 1h0m0s", "retention policy duration must be greater than the shard duration", "invalid name".
    virtual Status create_retention_policy(std::string_view database,
                                           const RetentionPolicySpec &spec) = 0;
    // not_found "database not found: NAME", "retention policy not found: NAME"; the others as
    // above.
    virtual Status alter_retention_policy(std::string_view database, std::string_view policy,
                                          const RetentionPolicyChange &change) = 0;
    // Ok if there is no such database or policy. A dropped default's name stays the default.
    virtual Status drop_retention_policy(std::string_view database, std::string_view policy) = 0;

    // Makes the policy a shard space, or gives the one it is another pattern. A renamed policy
    // stays one, a dropped one is none. not_found "database not found: NAME", "retention policy not
    // found: NAME".
    virtual Status set_space(std::string_view database, std::string_view policy,
                             const NamePattern &series) = 0;

    // Ascending in time.
    virtual Result<std::vector<ShardGroup>> shard_groups(uint64_t db_id, uint64_t rp_id) const = 0;
    // The group that holds the time; made, durably, if there is none. Two callers get the same.
    virtual Result<ShardGroup> ensure_shard_group(uint64_t db_id, uint64_t rp_id,
                                                  int64_t time_ns) = 0;
    // Ok if there is none.
    virtual Status remove_shard_group(uint64_t db_id, uint64_t rp_id, uint64_t group_id) = 0;

    // By the creation of the databases, then their own. A dropped database takes them along.
    virtual Result<std::vector<ContinuousQuery>> continuous_queries() const = 0;
    // Ok if one of the same text is there, capitals or not. not_found "database not found: NAME";
    // already_exists "continuous query already exists".
    virtual Status create_continuous_query(std::string_view database, std::string_view name,
                                           std::string_view text) = 0;
    // Ok if there is no such database or query.
    virtual Status drop_continuous_query(std::string_view database, std::string_view name) = 0;
    // Times by id; what is dropped meanwhile is passed over.
    virtual Status set_last_runs(const std::map<uint64_t, int64_t> &last_runs_ns) = 0;

    // Those of InfluxDB 0.8 are apart. In the same order; a dropped database takes them along.
    virtual Result<std::vector<ContinuousQuery08>> continuous_queries_08() const = 0;
    // Another number whenever a text comes or goes; 0 = there are none. Asked for every write.
    virtual uint64_t continuous_queries_08_revision() const = 0;
    // The number it gets: one more than the database's highest. not_found "database not found:
    // NAME"; resource_exhausted where the database has kContinuousQueries08Max.
    virtual Result<uint64_t> create_continuous_query_08(std::string_view database,
                                                        std::string_view text,
                                                        int64_t last_run_ns) = 0;
    // Ok if there is no such database or query.
    virtual Status drop_continuous_query_08(std::string_view database, uint64_t number) = 0;
    // Times by id; what is dropped meanwhile is passed over.
    virtual Status set_last_runs_08(const std::map<uint64_t, int64_t> &last_runs_ns) = 0;

    // In the same order. A dropped policy takes them along.
    virtual Result<std::vector<Subscription>> subscriptions() const = 0;
    // Another number whenever they change; 0 = there are none. Asked for every write.
    virtual uint64_t subscriptions_revision() const = 0;
    // The id does not count. invalid_argument "invalid subscription URL: URL"; not_found "database
    // not found: NAME", "retention policy not found: NAME"; already_exists "subscription already
    // exists".
    virtual Status create_subscription(const Subscription &subscription) = 0;
    // not_found also "subscription not found".
    virtual Status drop_subscription(std::string_view database, std::string_view policy,
                                     std::string_view name) = 0;
};

// The range of the shard group that holds the time: aligned as InfluxDB aligns it, to multiples of
// the duration since the year 1, clipped at the ends of time.
ShardGroup shard_group_range(int64_t time_ns, int64_t shard_duration_ns);

// Printable, not empty, no '/' or '\', not "." or "..": what may name a database or a policy.
bool is_valid_catalog_name(std::string_view name);

// Whether the spec asks for a durability that the database does not have.
bool is_other_durability(const Database &database, const RetentionPolicySpec &spec);

// The number of a database's next one, of all that there are. resource_exhausted at the limit.
Result<uint64_t> next_number_08(const std::vector<ContinuousQuery08> &queries,
                                std::string_view database);

// A URL of scheme udp, http or https with host and port. invalid_argument "invalid subscription
// URL: URL".
Status check_subscription_url(const std::string &url);

// The URL without user and password, to be shown.
std::string without_credentials(const std::string &url);
// What the figures of one of a subscription's destinations are found by: database,
// retention_policy, name, mode, destination.
std::map<std::string, std::string> destination_tags(const Subscription &subscription,
                                                    const std::string &url);

// Whether both are the same but for capitals (ASCII).
bool equal_but_for_case(std::string_view a, std::string_view b);

// The policy a spec describes, defaults filled in, without id. Errors as create_retention_policy's.
Result<RetentionPolicy> make_retention_policy(const RetentionPolicySpec &spec);
// The policy after the change, checked in the same way.
Result<RetentionPolicy> changed_retention_policy(RetentionPolicy policy,
                                                 const RetentionPolicyChange &change);

}  // namespace varve
