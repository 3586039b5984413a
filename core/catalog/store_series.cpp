// The rows of what InfluxDB 0.8 knows besides: shard spaces and users of a database.
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include "catalog/store.hpp"

namespace varve {

using namespace Poco::Data::Keywords;  // now, into, use
using Poco::Data::Statement;

Status SqliteCatalog::Store::read_spaces(std::vector<Database> &databases) {
    return caught([&]() -> Status {
        uint64_t owner = 0;
        std::string policy;
        std::string series;
        Statement select(*session_);
        select << "SELECT p.database_id, p.name, s.series FROM shard_spaces s "
                  "JOIN retention_policies p ON p.id = s.policy_id ORDER BY s.id",
            into(owner), into(policy), into(series), range(0, 1);
        while (!select.done()) {
            if (select.execute() == 0) continue;
            Result<NamePattern> pattern = NamePattern::parse_delimited(series);
            if (!pattern.ok()) return pattern.status();
            for (Database &database : databases) {
                if (database.id == owner) database.spaces.push_back({policy, *pattern});
            }
        }
        return {};
    });
}

Status SqliteCatalog::Store::put_space(uint64_t rp_id, const std::string &series) {
    return caught([&]() -> Status {
        *session_ << "INSERT INTO shard_spaces (policy_id, series) VALUES (?, ?) "
                     "ON CONFLICT (policy_id) DO UPDATE SET series = excluded.series",
            useRef(rp_id), useRef(series), now;
        return {};
    });
}

Status SqliteCatalog::Store::read_database_users(std::vector<DatabaseUserPtr> &users) {
    return caught([&]() -> Status {
        users.clear();
        DatabaseUser user;
        int is_admin = 0;
        std::string read_from;
        std::string write_to;
        Statement select(*session_);
        select << "SELECT d.name, u.name, u.password_hash, u.is_admin, u.read_from, u.write_to "
                  "FROM database_users u JOIN databases d ON d.id = u.database_id ORDER BY u.id",
            into(user.database), into(user.name), into(user.password_hash), into(is_admin),
            into(read_from), into(write_to), range(0, 1);
        while (!select.done()) {
            if (select.execute() == 0) continue;
            Result<NamePattern> reads = NamePattern::parse(read_from);
            if (!reads.ok()) return reads.status();
            Result<NamePattern> writes = NamePattern::parse(write_to);
            if (!writes.ok()) return writes.status();
            user.is_admin = is_admin != 0;
            user.read_from = *reads;
            user.write_to = *writes;
            users.push_back(std::make_shared<const DatabaseUser>(user));
        }
        return {};
    });
}

Status SqliteCatalog::Store::put_database_user(uint64_t db_id, const DatabaseUser &user) {
    return caught([&]() -> Status {
        const int is_admin = user.is_admin ? 1 : 0;
        const std::string read_from = user.read_from.text();
        const std::string write_to = user.write_to.text();
        *session_ << "INSERT INTO database_users "
                     "(database_id, name, password_hash, is_admin, read_from, write_to) "
                     "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (database_id, name) DO UPDATE SET "
                     "password_hash = excluded.password_hash, is_admin = excluded.is_admin, "
                     "read_from = excluded.read_from, write_to = excluded.write_to",
            useRef(db_id), useRef(user.name), useRef(user.password_hash), useRef(is_admin),
            useRef(read_from), useRef(write_to), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_database_user(uint64_t db_id, const std::string &name) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM database_users WHERE database_id = ? AND name = ?", useRef(db_id),
            useRef(name), now;
        return {};
    });
}

}  // namespace varve
