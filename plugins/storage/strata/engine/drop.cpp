// Dropping shards and databases: a frame in the log, a rename to trash/, and the files go later.
#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {

// Takes the shard out of the database and its directory out of the way. [writer]
void StrataStorage::forget_shards(Database &database, uint64_t lsn,
                                  const std::function<bool(const Shard &)> &concerns) {
    Bitmap candidates;
    const Bitmap all = Bitmap::from_range(0, database.index.id_end());
    std::erase_if(database.shards, [&](const auto &entry) {
        if (!concerns(*entry.second)) return false;
        candidates |= possible_series(*entry.second->sources, UINT64_MAX, all);
        forget_shard(*entry.second, lsn);
        return true;
    });
    forget_series(database, candidates);
}

void StrataStorage::forget_shard(Shard &shard, uint64_t lsn) {
    shard.dropped = true;
    const ShardIdentity &identity = shard.identity;
    const std::string target = root_ + "/trash/" + std::to_string(identity.db_id) + "-" +
                               std::to_string(identity.rp_id) + "-" +
                               std::to_string(identity.shard_id) + "-" + std::to_string(lsn) + "-" +
                               std::to_string(host_.now_ns());
    const Status status = files_.rename(shard.directory, target);
    if (status.ok() || status.code() == Code::not_found) return;
    host_.log_warning("a dropped shard is still in its place; it will be tried again",
                      {{"error", status.text()}});
    std::lock_guard lock(mutex_);
    unmoved_.emplace_back(shard.directory, target);
}

Status StrataStorage::drop(uint64_t db_id, FrameType type, std::string payload,
                           const std::function<bool(const Shard &)> &concerns,
                           varve_write_done done, void *ctx) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    auto found = database_or_new(db_id);
    if (!found.ok()) return found.status();
    const std::shared_ptr<Database> &database = *found;
    storage::Outcome outcome;
    {
        std::lock_guard lock(database->mutex);
        WalEntry entry;
        entry.type = type;
        entry.payload = std::move(payload);
        entry.done = [&outcome](const Status &status, uint64_t) { outcome.status = status; };
        const auto lsn = wal_->submit(std::move(entry));
        if (!lsn.ok()) return lsn.status();
        {
            std::lock_guard all(mutex_);
            pending_drops_.insert(*lsn);
        }
        outcome.lsn = *lsn;
        database->last_lsn = std::max(database->last_lsn, *lsn);
        // A directory that is gone before the log says so would take just a part of the rows.
        const Status synced = wal_->sync_to(*lsn);
        if (outcome.status.ok()) outcome.status = synced;
        if (outcome.status.ok()) forget_shards(*database, *lsn, concerns);
    }
    wake(true);
    outcome.deliver(done, ctx);
    return {};
}

Status StrataStorage::shard_drop(uint64_t db_id, uint64_t rp_id, uint64_t shard_id,
                                 varve_write_done done, void *ctx) {
    std::string payload;
    ByteWriter writer(payload);
    writer.put(db_id);
    writer.put(rp_id);
    writer.put(shard_id);
    return drop(
        db_id, FrameType::shard_drop, std::move(payload),
        [&](const Shard &shard) {
            return shard.identity.rp_id == rp_id && shard.identity.shard_id == shard_id;
        },
        done, ctx);
}

Status StrataStorage::database_drop(uint64_t db_id, uint64_t rp_id, varve_write_done done,
                                    void *ctx) {
    std::string payload;
    ByteWriter writer(payload);
    writer.put(db_id);
    writer.put(rp_id);
    VARVE_RETURN_IF_ERROR(drop(
        db_id, FrameType::database_drop, std::move(payload),
        [&](const Shard &shard) { return rp_id == 0 || shard.identity.rp_id == rp_id; }, done,
        ctx));
    auto found = database(db_id);
    if (!found.ok()) return {};
    uint64_t last_lsn = 0;
    {
        std::lock_guard lock((*found)->mutex);
        last_lsn = (*found)->last_lsn;
        if (rp_id == 0) {
            (*found)->policies.clear();
        } else {
            (*found)->policies.erase(rp_id);
        }
    }
    if (rp_id != 0) return {};
    std::lock_guard lock(mutex_);
    dropped_databases_[db_id] = {last_lsn, *found};
    databases_.erase(db_id);
    return {};
}

// Makes the renames of drops durable, lets the log forget them, and removes the files.
void StrataStorage::empty_trash() {
    std::multiset<uint64_t> drops;
    {
        std::lock_guard lock(mutex_);
        std::erase_if(unmoved_, [&](const auto &move) {
            const Status moved = files_.rename(move.first, move.second);
            return moved.ok() || moved.code() == Code::not_found;
        });
        if (!unmoved_.empty()) return;
        drops = pending_drops_;
    }
    if (drops.empty() && trash_is_empty_) return;
    trash_is_empty_ = false;
    Status status = files_.sync_directory(root_ + "/trash");
    const auto databases = files_.list(root_ + "/data");
    if (!drops.empty() && databases.ok()) {
        for (const std::string &database : *databases) {
            const std::string path = root_ + "/data/" + database;
            const auto policies = files_.list(path);
            if (!policies.ok()) continue;
            for (const std::string &policy : *policies) {
                if (status.ok()) status = files_.sync_directory(path + policy);
            }
        }
    }
    if (!status.ok()) return;
    {
        std::lock_guard lock(mutex_);
        for (const uint64_t lsn : drops) pending_drops_.erase(pending_drops_.find(lsn));
    }
    const auto names = files_.list(root_ + "/trash");
    if (!names.ok()) return;
    for (const std::string &name : *names) {
        const Status removed =
            files_.remove_tree(root_ + "/trash/" + name.substr(0, name.size() - 1));
        if (removed.ok()) continue;
        host_.log_warning("trash", {{"error", removed.text()}});
        return;
    }
    trash_is_empty_ = true;
}

}  // namespace varve::strata
