// The SQLite side of the catalog: schema, migrations, rows in and out. Poco's exceptions become
// Status here. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/sqlite_catalog.hpp"

namespace Poco::Data {
class Session;
}

namespace varve {

class SqliteCatalog::Store {
  public:
    // data_loss if the file is no healthy database; failed_precondition if its schema is newer.
    static Result<std::unique_ptr<Store>> open(const std::string &file);
    ~Store();

    // Runs `change` in one transaction; rolled back if it fails.
    Status transaction(const std::function<Status()> &change);

    Status read(std::vector<Database> &databases,
                std::map<uint64_t, std::vector<ShardGroup>> &groups);

    // Within a transaction. New ids are never ones that were in use before.
    Result<uint64_t> insert_database(const std::string &name, const std::string &durability);
    Status rename_database(uint64_t db_id, const std::string &name);
    Status set_default_policy(uint64_t db_id, const std::string &policy);
    Status delete_database(uint64_t db_id);
    Status insert_policy(uint64_t db_id, const RetentionPolicy &policy);
    Status update_policy(const RetentionPolicy &policy);
    Status delete_policy(uint64_t rp_id);
    Result<uint64_t> insert_shard_group(uint64_t rp_id, const ShardGroup &group);
    Status delete_shard_group(uint64_t group_id);

    Status read_continuous_queries(std::vector<ContinuousQuery> &queries);
    Status read_continuous_queries_08(std::vector<ContinuousQuery08> &queries);
    Status read_subscriptions(std::vector<Subscription> &subscriptions);
    // Within a transaction.
    Status insert_continuous_query(uint64_t db_id, const std::string &name,
                                   const std::string &text);
    Status update_continuous_query(uint64_t id, const std::string &text);
    Status delete_continuous_query(uint64_t id);
    Status update_last_run(uint64_t id, int64_t last_run_ns);
    Status insert_continuous_query_08(uint64_t db_id, uint64_t number, const std::string &text,
                                      int64_t last_run_ns);
    Status delete_continuous_query_08(uint64_t id);
    Status update_last_run_08(uint64_t id, int64_t last_run_ns);
    Status insert_subscription(uint64_t rp_id, const Subscription &subscription);
    Status delete_subscription(uint64_t id);

    // Into the databases they belong to.
    Status read_spaces(std::vector<Database> &databases);
    // Within a transaction.
    Status put_space(uint64_t rp_id, const std::string &series);

    Status read_database_users(std::vector<DatabaseUserPtr> &users);
    // Within a transaction.
    Status put_database_user(uint64_t db_id, const DatabaseUser &user);
    Status delete_database_user(uint64_t db_id, const std::string &name);

    Status read_users(std::vector<UserPtr> &users);
    // Within a transaction.
    Status insert_user(const User &user);
    Status update_user(const User &user);  // hash and administrator; found by its name
    Status delete_user(const std::string &name);
    Status put_grant(const std::string &user, uint64_t db_id, Privilege privilege);

    // Writes a consistent copy to a new file.
    Status copy_to(const std::string &file);

  private:
    explicit Store(std::unique_ptr<Poco::Data::Session> session);
    Status migrate();
    // Runs what may throw Poco's exceptions.
    static Status caught(const std::function<Status()> &call);

    std::unique_ptr<Poco::Data::Session> session_;
};

}  // namespace varve
