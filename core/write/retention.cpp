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
                           const Ownership &ownership, int64_t now_ns, Log &log) {
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
                log.info("an expired shard was dropped", {{"database", database.name},
                                                          {"policy", policy.name},
                                                          {"shard", std::to_string(group.id)}});
            }
        }
    }
    return {};
}

}  // namespace varve
