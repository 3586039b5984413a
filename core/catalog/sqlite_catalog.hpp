// The catalog in a SQLite file (WAL mode, synchronous=FULL), with a copy in memory for the write
// path.
//
// Every change is one transaction; the copy changes after the commit. Soon after a change a thread
// writes a backup (<file>.backup) beside the file: if the file is damaged at start, it is moved to
// <data dir>/quarantine and the backup takes its place.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/env.hpp"
#include "kernel/log.hpp"
#include "model/catalog.hpp"
#include "model/users.hpp"

namespace varve {

class SqliteCatalog final : public Catalog, public UserCatalog {
  public:
    // Opens or makes the file, brings its schema up to date. data_loss if file and backup are
    // damaged (both are then in quarantine_dir); failed_precondition if a newer Varve wrote it.
    static Result<std::unique_ptr<SqliteCatalog>> open(const std::string &file,
                                                       const std::string &quarantine_dir, Env &env,
                                                       Log &log);
    ~SqliteCatalog() override;

    Result<std::vector<Database>> databases() const override;
    Result<Database> database(std::string_view name) const override;
    Status create_database(std::string_view name,
                           const std::optional<RetentionPolicySpec> &spec) override;
    Status drop_database(std::string_view name) override;
    Status rename_database(std::string_view from, std::string_view to,
                           const std::map<uint64_t, std::string> &query_texts) override;
    Status create_retention_policy(std::string_view database,
                                   const RetentionPolicySpec &spec) override;
    Status alter_retention_policy(std::string_view database, std::string_view policy,
                                  const RetentionPolicyChange &change) override;
    Status drop_retention_policy(std::string_view database, std::string_view policy) override;
    Status set_space(std::string_view database, std::string_view policy,
                     const NamePattern &series) override;
    Result<std::vector<ShardGroup>> shard_groups(uint64_t db_id, uint64_t rp_id) const override;
    Result<ShardGroup> ensure_shard_group(uint64_t db_id, uint64_t rp_id, int64_t time_ns) override;
    Status remove_shard_group(uint64_t db_id, uint64_t rp_id, uint64_t group_id) override;
    Result<std::vector<ContinuousQuery>> continuous_queries() const override;
    Status create_continuous_query(std::string_view database, std::string_view name,
                                   std::string_view text) override;
    Status drop_continuous_query(std::string_view database, std::string_view name) override;
    Status set_last_runs(const std::map<uint64_t, int64_t> &last_runs_ns) override;
    Result<std::vector<ContinuousQuery08>> continuous_queries_08() const override;
    uint64_t continuous_queries_08_revision() const override {
        return continuous_queries_08_revision_;
    }
    Result<uint64_t> create_continuous_query_08(std::string_view database, std::string_view text,
                                                int64_t last_run_ns) override;
    Status drop_continuous_query_08(std::string_view database, uint64_t number) override;
    Status set_last_runs_08(const std::map<uint64_t, int64_t> &last_runs_ns) override;
    Result<std::vector<Subscription>> subscriptions() const override;
    uint64_t subscriptions_revision() const override { return subscriptions_revision_; }
    Status create_subscription(const Subscription &subscription) override;
    Status drop_subscription(std::string_view database, std::string_view policy,
                             std::string_view name) override;

    std::vector<UserPtr> users() const override;
    UserPtr user(std::string_view name) const override;
    bool has_admin() const override;
    Status create_user(std::string_view name, std::string_view password_hash,
                       bool is_admin) override;
    Status drop_user(std::string_view name) override;
    Status set_password_hash(std::string_view name, std::string_view password_hash) override;
    Status set_admin(std::string_view name, bool is_admin) override;
    Status set_privilege(std::string_view name, std::string_view database,
                         Privilege privilege) override;
    std::vector<DatabaseUserPtr> database_users(std::string_view database) const override;
    DatabaseUserPtr database_user(std::string_view database, std::string_view name) const override;
    Status put_database_user(const DatabaseUser &user) override;
    Status drop_database_user(std::string_view database, std::string_view name) override;

  private:
    class Store;  // the SQLite side
    SqliteCatalog(std::unique_ptr<Store> store, std::string file, Env &env, Log &log);

    Status reload();        // copies the whole store into memory; under mutex_
    Status after_change();  // reload, and ask for a backup; under mutex_
    void keep_backup();     // the thread
    void write_backup();
    const Database *find(std::string_view name) const;
    // Under mutex_. Errors as create_subscription's.
    Result<RetentionPolicy> find_policy(std::string_view database, std::string_view policy) const;
    UserPtr find_user(std::string_view name) const;  // under mutex_
    // One transaction on an existing user's row.
    Status change_user(std::string_view name, const std::function<Status(const User &)> &change);
    Status add_policy(uint64_t db_id, const RetentionPolicy &policy, bool make_default);

    std::unique_ptr<Store> store_;
    const std::string file_;
    Env &env_;
    Log &log_;
    mutable std::shared_mutex mutex_;
    std::vector<Database> databases_;                       // in the order of their creation
    std::map<uint64_t, std::vector<ShardGroup>> groups_;    // by policy id, ascending in time
    std::vector<ContinuousQuery> continuous_queries_;       // by database
    std::vector<ContinuousQuery08> continuous_queries_08_;  // by database
    std::vector<Subscription> subscriptions_;               // by policy
    uint64_t reloads_ = 0;                                  // guarded by mutex_
    std::atomic<uint64_t> continuous_queries_08_revision_{0};
    std::atomic<uint64_t> subscriptions_revision_{0};
    std::vector<UserPtr> users_;                   // in the order of their creation
    std::vector<DatabaseUserPtr> database_users_;  // likewise
    std::condition_variable_any changed_;
    bool backup_due_ = false;  // guarded by mutex_
    bool stopping_ = false;    // guarded by mutex_
    std::thread backup_thread_;
};

}  // namespace varve
