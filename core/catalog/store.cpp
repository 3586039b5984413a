#include "catalog/store.hpp"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <Poco/Exception.h>
#include <Poco/Types.h>

namespace varve {
namespace {

using namespace Poco::Data::Keywords;  // now, into, use
using Poco::Data::Statement;

// One entry per schema version; a released entry never changes. user_version counts those done.
const char *const kMigrations[] = {
    R"(CREATE TABLE databases (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           name TEXT NOT NULL UNIQUE,
           default_policy TEXT NOT NULL DEFAULT '');
       CREATE TABLE retention_policies (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           database_id INTEGER NOT NULL REFERENCES databases(id) ON DELETE CASCADE,
           name TEXT NOT NULL,
           duration_ns INTEGER NOT NULL,
           shard_duration_ns INTEGER NOT NULL,
           replica_n INTEGER NOT NULL,
           UNIQUE (database_id, name));
       CREATE TABLE shard_groups (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           policy_id INTEGER NOT NULL REFERENCES retention_policies(id) ON DELETE CASCADE,
           from_ns INTEGER NOT NULL,
           to_ns INTEGER NOT NULL,
           UNIQUE (policy_id, from_ns));
       CREATE INDEX shard_groups_by_policy ON shard_groups(policy_id);)",
    R"(CREATE TABLE users (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           name TEXT NOT NULL UNIQUE,
           password_hash TEXT NOT NULL,
           is_admin INTEGER NOT NULL);
       CREATE TABLE grants (
           user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
           database_id INTEGER NOT NULL REFERENCES databases(id) ON DELETE CASCADE,
           privilege INTEGER NOT NULL,
           PRIMARY KEY (user_id, database_id));)",
    "ALTER TABLE databases ADD COLUMN durability TEXT NOT NULL DEFAULT '';",
    R"(CREATE TABLE continuous_queries (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           database_id INTEGER NOT NULL REFERENCES databases(id) ON DELETE CASCADE,
           name TEXT NOT NULL,
           text TEXT NOT NULL,
           last_run_ns INTEGER NOT NULL DEFAULT 0,
           UNIQUE (database_id, name));
       CREATE TABLE subscriptions (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           policy_id INTEGER NOT NULL REFERENCES retention_policies(id) ON DELETE CASCADE,
           name TEXT NOT NULL,
           to_all INTEGER NOT NULL,
           destinations TEXT NOT NULL,
           UNIQUE (policy_id, name));)",
    R"(CREATE TABLE continuous_queries_08 (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           database_id INTEGER NOT NULL REFERENCES databases(id) ON DELETE CASCADE,
           number INTEGER NOT NULL,
           text TEXT NOT NULL,
           last_run_ns INTEGER NOT NULL,
           UNIQUE (database_id, number));)",
    R"(CREATE TABLE shard_spaces (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           policy_id INTEGER NOT NULL UNIQUE REFERENCES retention_policies(id) ON DELETE CASCADE,
           series TEXT NOT NULL);
       CREATE TABLE database_users (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           database_id INTEGER NOT NULL REFERENCES databases(id) ON DELETE CASCADE,
           name TEXT NOT NULL,
           password_hash TEXT NOT NULL,
           is_admin INTEGER NOT NULL,
           read_from TEXT NOT NULL,
           write_to TEXT NOT NULL,
           UNIQUE (database_id, name));)",
};
constexpr int kSchemaVersion = static_cast<int>(std::size(kMigrations));

Status damaged(const std::string &file, const std::string &reason) {
    return {Code::data_loss, "catalog " + file + " is damaged: " + reason};
}

}  // namespace

SqliteCatalog::Store::Store(std::unique_ptr<Poco::Data::Session> session)
    : session_(std::move(session)) {}

SqliteCatalog::Store::~Store() = default;

Status SqliteCatalog::Store::caught(const std::function<Status()> &call) {
    try {
        return call();
    } catch (const Poco::Exception &error) {
        return {Code::io_error, "catalog: " + error.displayText()};
    }
}

Result<std::unique_ptr<SqliteCatalog::Store>> SqliteCatalog::Store::open(const std::string &file) {
    Poco::Data::SQLite::Connector::registerConnector();
    std::unique_ptr<Store> store;
    try {
        store.reset(new Store(std::make_unique<Poco::Data::Session>("SQLite", file)));
        *store->session_ << "PRAGMA journal_mode=WAL", now;
        *store->session_ << "PRAGMA synchronous=FULL", now;
        *store->session_ << "PRAGMA foreign_keys=ON", now;
        *store->session_ << "PRAGMA busy_timeout=5000", now;
        std::string verdict;
        *store->session_ << "PRAGMA quick_check(1)", into(verdict), now;
        if (verdict != "ok") return damaged(file, verdict);
    } catch (const Poco::Exception &error) {
        return damaged(file, error.displayText());
    }
    VARVE_RETURN_IF_ERROR(store->migrate());
    return store;
}

Status SqliteCatalog::Store::migrate() {
    int version = 0;
    VARVE_RETURN_IF_ERROR(caught([&]() -> Status {
        *session_ << "PRAGMA user_version", into(version), now;
        return {};
    }));
    if (version > kSchemaVersion) {
        return {Code::failed_precondition,
                "the catalog has schema version " + std::to_string(version) +
                    ", this server knows up to " + std::to_string(kSchemaVersion) +
                    ": it was written by a newer Varve"};
    }
    for (; version < kSchemaVersion; ++version) {
        VARVE_RETURN_IF_ERROR(transaction([&] {
            return caught([&]() -> Status {
                std::string script = kMigrations[version];
                for (size_t end = script.find(';'); end != std::string::npos;
                     end = script.find(';')) {
                    Statement(*session_ << script.substr(0, end)).execute();
                    script.erase(0, end + 1);
                }
                *session_ << "PRAGMA user_version = " + std::to_string(version + 1), now;
                return {};
            });
        }));
    }
    return {};
}

Status SqliteCatalog::Store::transaction(const std::function<Status()> &change) {
    Status begun = caught([&]() -> Status {
        session_->begin();
        return {};
    });
    if (!begun.ok()) return begun;
    Status status = change();
    return caught([&]() -> Status {
        if (status.ok()) {
            session_->commit();
        } else {
            session_->rollback();
        }
        return status;
    });
}

Status SqliteCatalog::Store::read(std::vector<Database> &databases,
                                  std::map<uint64_t, std::vector<ShardGroup>> &groups) {
    return caught([&]() -> Status {
        databases.clear();
        groups.clear();
        Database database;
        Statement select_databases(*session_);
        select_databases
            << "SELECT id, name, default_policy, durability FROM databases ORDER BY id",
            into(database.id), into(database.name), into(database.default_policy),
            into(database.durability), range(0, 1);
        while (!select_databases.done()) {
            if (select_databases.execute() != 0) databases.push_back(database);
        }
        RetentionPolicy policy;
        uint64_t owner = 0;
        Statement select_policies(*session_);
        select_policies
            << "SELECT id, database_id, name, duration_ns, shard_duration_ns, replica_n "
               "FROM retention_policies ORDER BY id",
            into(policy.id), into(owner), into(policy.name), into(policy.duration_ns),
            into(policy.shard_duration_ns), into(policy.replica_n), range(0, 1);
        while (!select_policies.done()) {
            if (select_policies.execute() == 0) continue;
            for (Database &entry : databases) {
                if (entry.id != owner) continue;
                policy.is_default = entry.default_policy == policy.name;
                entry.policies.push_back(policy);
            }
        }
        ShardGroup group;
        Statement select_groups(*session_);
        select_groups << "SELECT id, policy_id, from_ns, to_ns FROM shard_groups "
                         "ORDER BY policy_id, from_ns",
            into(group.id), into(owner), into(group.from_ns), into(group.to_ns), range(0, 1);
        while (!select_groups.done()) {
            if (select_groups.execute() != 0) groups[owner].push_back(group);
        }
        return {};
    });
}

Result<uint64_t> SqliteCatalog::Store::insert_database(const std::string &name,
                                                       const std::string &durability) {
    uint64_t id = 0;
    VARVE_RETURN_IF_ERROR(caught([&]() -> Status {
        *session_ << "INSERT INTO databases (name, durability) VALUES (?, ?)", useRef(name),
            useRef(durability), now;
        *session_ << "SELECT last_insert_rowid()", into(id), now;
        return {};
    }));
    return id;
}

Status SqliteCatalog::Store::rename_database(uint64_t db_id, const std::string &name) {
    return caught([&]() -> Status {
        *session_ << "UPDATE databases SET name = ? WHERE id = ?", useRef(name), useRef(db_id), now;
        return {};
    });
}

Status SqliteCatalog::Store::set_default_policy(uint64_t db_id, const std::string &policy) {
    return caught([&]() -> Status {
        *session_ << "UPDATE databases SET default_policy = ? WHERE id = ?", useRef(policy),
            useRef(db_id), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_database(uint64_t db_id) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM databases WHERE id = ?", useRef(db_id), now;
        return {};
    });
}

Status SqliteCatalog::Store::insert_policy(uint64_t db_id, const RetentionPolicy &policy) {
    return caught([&]() -> Status {
        *session_ << "INSERT INTO retention_policies "
                     "(database_id, name, duration_ns, shard_duration_ns, replica_n) "
                     "VALUES (?, ?, ?, ?, ?)",
            useRef(db_id), useRef(policy.name), useRef(policy.duration_ns),
            useRef(policy.shard_duration_ns), useRef(policy.replica_n), now;
        return {};
    });
}

Status SqliteCatalog::Store::update_policy(const RetentionPolicy &policy) {
    return caught([&]() -> Status {
        *session_ << "UPDATE retention_policies SET name = ?, duration_ns = ?, "
                     "shard_duration_ns = ?, replica_n = ? WHERE id = ?",
            useRef(policy.name), useRef(policy.duration_ns), useRef(policy.shard_duration_ns),
            useRef(policy.replica_n), useRef(policy.id), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_policy(uint64_t rp_id) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM retention_policies WHERE id = ?", useRef(rp_id), now;
        return {};
    });
}

Result<uint64_t> SqliteCatalog::Store::insert_shard_group(uint64_t rp_id, const ShardGroup &group) {
    uint64_t id = 0;
    VARVE_RETURN_IF_ERROR(caught([&]() -> Status {
        *session_ << "INSERT INTO shard_groups (policy_id, from_ns, to_ns) VALUES (?, ?, ?)",
            useRef(rp_id), useRef(group.from_ns), useRef(group.to_ns), now;
        *session_ << "SELECT last_insert_rowid()", into(id), now;
        return {};
    }));
    return id;
}

Status SqliteCatalog::Store::delete_shard_group(uint64_t group_id) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM shard_groups WHERE id = ?", useRef(group_id), now;
        return {};
    });
}

Status SqliteCatalog::Store::copy_to(const std::string &file) {
    return caught([&]() -> Status {
        *session_ << "VACUUM INTO ?", useRef(file), now;
        return {};
    });
}

}  // namespace varve
