#include "write/retention.hpp"

#include <future>

#include <varve/cpp/bytes.hpp>

namespace varve {
namespace {

Status drop_shard(const StorageHandle &storage, uint64_t db_id, uint64_t rp_id, uint64_t id) {
    std::promise<Status> promise;
    auto dropped = promise.get_future();
    varve_error error = abi_error();
    const int32_t code = storage.table->shard_drop(
        storage.instance, db_id, rp_id, id,
        [](void *ctx, const varve_write_result *result) {
            static_cast<std::promise<Status> *>(ctx)->set_value(
                Status(static_cast<Code>(result->code), std::string(view(result->error))));
        },
        &promise, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return dropped.get();
}

}  // namespace

Status drop_expired_shards(Catalog &catalog, const StorageHandle &storage,
                           const Ownership &ownership, int64_t now_ns, Log &log,
                           uint64_t &dropped) {
    if (!ownership.is_mine("retention")) return {};
    auto databases = catalog.databases();
    if (!databases.ok()) return databases.status();
    for (const Database &database : *databases) {
        for (const RetentionPolicy &policy : database.policies) {
            if (policy.duration_ns == 0) continue;
            auto groups = catalog.shard_groups(database.id, policy.id);
            if (!groups.ok()) return groups.status();
            for (const ShardGroup &group : *groups) {
                if (group.to_ns > now_ns - policy.duration_ns) continue;
                VARVE_RETURN_IF_ERROR(drop_shard(storage, database.id, policy.id, group.id));
                VARVE_RETURN_IF_ERROR(catalog.remove_shard_group(database.id, policy.id, group.id));
                ++dropped;
                log.info("an expired shard was dropped", {{"database", database.name},
                                                          {"policy", policy.name},
                                                          {"shard", std::to_string(group.id)}});
            }
        }
    }
    return {};
}

Retention::Retention(Catalog &catalog, StorageHandle storage, const Ownership &ownership, Env &env,
                     Log &log, int64_t interval_ns)
    : catalog_(catalog),
      storage_(storage),
      ownership_(ownership),
      env_(env),
      log_(log),
      interval_ns_(interval_ns) {
    report_.next_run_ns = env.now_ns() + interval_ns;
}

void Retention::run() {
    const int64_t now_ns = env_.now_ns();
    const int64_t started_ns = env_.monotonic_ns();
    uint64_t dropped = 0;
    const Status status =
        drop_expired_shards(catalog_, storage_, ownership_, now_ns, log_, dropped);
    if (!status.ok()) log_.error("retention failed", {{"error", status.text()}});
    const std::scoped_lock lock(mutex_);
    report_.last_run_ns = now_ns;
    report_.duration_ns = env_.monotonic_ns() - started_ns;
    report_.next_run_ns = now_ns + interval_ns_;
    report_.dropped = dropped;
    report_.dropped_total += dropped;
    report_.error = status.text();
}

RetentionReport Retention::report() const {
    const std::scoped_lock lock(mutex_);
    return report_;
}

}  // namespace varve
