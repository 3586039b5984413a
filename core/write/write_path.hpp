// The one way rows enter, told in one function: WritePath::submit.
//
//   resolve database, authorise, resolve policy → validate → copy → route to shard groups
//     → storage.write
//     → when durable: answer, then publish to subscribers in LSN order
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <varve/kind/storage.h>

#include "auth/accounts.hpp"
#include "base/env.hpp"
#include "kernel/host/services.hpp"
#include "kernel/self_metrics.hpp"
#include "model/catalog.hpp"
#include "write/copies/copy_rules.hpp"
#include "write/publisher.hpp"
#include "write/rejects.hpp"
#include "write/submission.hpp"

namespace varve {

// A storage plugin's instance and its table; both live longer than whoever holds this.
struct StorageHandle {
    varve_instance *instance = nullptr;
    const varve_storage *table = nullptr;
};

class WritePath final : public WriteService {
  public:
    struct Options {
        Durability durability;  // storage.durability
        uint32_t on_type_conflict = VARVE_ON_CONFLICT_REJECT;
        varve_storage_limits limits{};
        bool unsigned_enabled = false;
        uint64_t hash_seed = 0;
        const auth::Accounts *accounts = nullptr;  // who may write; null: everybody
        CopyRules *copies = nullptr;               // null: nothing is copied
    };

    // Everything lives longer than the write path.
    WritePath(Options options, Catalog &catalog, StorageHandle storage, Env &env, Rejects &rejects,
              Publisher &publisher, SelfMetrics &metrics);

    // Tells storage of every database and policy there is. [main], before the first request.
    Status open_databases();

    void submit(varve_batch *batch, const varve_write_request &request, WriteDone done,
                void *ctx) override;
    void submit_computed(varve_batch *batch, const varve_write_request &request, WriteDone done,
                         void *ctx) override;
    Status check(const varve_write_request &request) override;
    uint64_t hash_seed() const override { return options_.hash_seed; }
    bool unsigned_enabled() const override { return options_.unsigned_enabled; }

  private:
    struct InFlight;

    // What is done with a batch beyond storing it.
    struct Treatment {
        bool copies = true;
        uint32_t on_type_conflict = VARVE_ON_CONFLICT_REJECT;
    };

    void take(varve_batch *batch, const varve_write_request &request, const Treatment &treatment,
              WriteDone done, void *ctx);
    Status add_copies(Submission &submission);
    void submit_by_space(varve_batch *batch, const varve_write_request &request, bool copies,
                         WriteDone done, void *ctx);
    Status authorise(const varve_write_request &request) const;
    Status resolve(Submission &submission, const varve_write_request &request,
                   RetentionPolicy &policy);
    Status find_policy(const varve_write_request &request, Database &database,
                       RetentionPolicy &policy);
    Status open_database(const Database &database, const RetentionPolicy &policy);
    Status store(std::unique_ptr<InFlight> &flight, const varve_write_request &request,
                 uint32_t on_type_conflict);
    void record_bad_rows(const varve_write_request &request);
    void finish(InFlight &flight, const varve_write_result &result);
    static void on_stored(void *ctx, const varve_write_result *result);
    void count(const varve_write_outcome &outcome);
    void fail(Submission &submission, const Status &status);

    const Options options_;
    Catalog &catalog_;
    const StorageHandle storage_;
    Env &env_;
    Rejects &rejects_;
    Publisher &publisher_;
    SelfMetric &rows_asked_;
    SelfMetric &rows_written_;
    SelfMetric &rows_dropped_;
    SelfMetric &rows_copied_;
    SelfMetric &copies_refused_;
    SelfMetric &stored_;
    SelfMetric &failed_;
    SelfMetric &values_written_;
    std::mutex mutex_;
    using Names = std::pair<std::string, std::string>;
    // What storage was told of each (db, rp): the names of both, which renames change.
    std::map<std::pair<uint64_t, uint64_t>, Names> opened_;
};

}  // namespace varve
