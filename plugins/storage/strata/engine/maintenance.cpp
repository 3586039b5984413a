// The flush task: memtables, tombstones and the index become files; what was dropped is removed;
// the log forgets what it need not know any more.
//
// Flush of a shard: its frozen memtables, oldest first, become segments. First the index is
// flushed, so that a segment never names a series that no file knows. The segment is entered in the
// manifest only after the log is synced up to it, so that a write to several shards never comes
// back in part.
#include <algorithm>
#include <chrono>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

constexpr uint64_t kIndexHeadMax = 32 << 20;
constexpr uint64_t kReliefShare = 60;  // per cent of the write account

}  // namespace

void StrataStorage::wake(bool flush) {
    std::lock_guard lock(maintenance_mutex_);
    (flush ? flush_woken_ : merge_woken_) = true;
    maintenance_wanted_.notify_all();
}

void StrataStorage::note_error(const std::string &directory, const Status &status) {
    host_.log_error("maintenance failed; it will be tried again",
                    {{"directory", directory}, {"error", status.text()}});
    std::lock_guard lock(maintenance_mutex_);
    maintenance_error_ = status.text();
}

void StrataStorage::flush_loop() {
    std::unique_lock lock(maintenance_mutex_);
    while (!stop_maintenance_) {
        maintenance_wanted_.wait_for(
            lock, std::chrono::nanoseconds(options_.maintenance_interval_ns), [&] {
                return stop_maintenance_ || flush_woken_ || flushes_wanted_ > flushes_done_ ||
                       compactions_wanted_ > compactions_flushed_;
            });
        if (stop_maintenance_) break;
        flush_woken_ = false;
        const uint64_t wanted = compactions_wanted_;
        const uint64_t flushes = flushes_wanted_;
        const bool everything = wanted > compactions_flushed_ || flushes > flushes_done_;
        if (everything) maintenance_error_.clear();
        lock.unlock();
        flush_all(everything);
        release_held_back(true);
        lock.lock();
        compactions_flushed_ = wanted;
        flushes_done_ = flushes;
        merge_woken_ = true;
        maintenance_done_.notify_all();
        maintenance_wanted_.notify_all();
    }
}

bool StrataStorage::wants_flush(Shard &shard, bool everything, uint64_t wal_horizon) {
    if (!shard.frozen.empty()) return true;
    if (shard.active == nullptr || shard.active->empty()) return false;
    const bool old = host_.monotonic_ns() - shard.active->created_ns > options_.flush_after_ns;
    return everything || old || shard.active->lsn_min() < wal_horizon ||
           shard.active->size_bytes() >= options_.memtable_size_max;
}

// Rows are refused while there is little space; deletes, drops and retention go on.
void StrataStorage::check_space() {
    uint64_t free_bytes = 0;
    varve_error error = abi_error();
    const auto *table = host_.files();
    const int32_t code = table->free_space(host_.raw(), root_.c_str(), &free_bytes, &error);
    if (code != VARVE_OK) return;
    free_bytes_ = free_bytes;
    const bool full = free_bytes < options_.free_space_min;
    if (full && !disk_is_full_.exchange(true)) {
        host_.log_error("the disk is nearly full: rows are refused",
                        {{"free_bytes", std::to_string(free_bytes)},
                         {"free_space_min", std::to_string(options_.free_space_min)}});
    } else if (!full && disk_is_full_.exchange(false)) {
        host_.log_warning("the disk has room again: rows are taken");
    }
}

// When the account is nearly used up, the largest memtables are flushed too, until half of it would
// be free. [writer]
void StrataStorage::relieve(Database &database,
                            std::vector<std::pair<std::shared_ptr<Shard>, size_t>> &flushed) {
    const auto *memory = host_.memory();
    const uint64_t limit =
        memory == nullptr || write_account_ == nullptr ? 0 : memory->limit(write_account_);
    if (limit == 0 || memory->used(write_account_) < limit / 100 * kReliefShare) return;
    std::vector<std::shared_ptr<Shard>> left;
    uint64_t flushing = 0;
    for (const auto &[key, shard] : database.shards) {
        const bool taken =
            std::any_of(flushed.begin(), flushed.end(),
                        [&, one = shard](const auto &pair) { return pair.first == one; });
        if (taken) {
            flushing += shard->memory_bytes();
        } else if (shard->active != nullptr && !shard->active->empty()) {
            left.push_back(shard);
        }
    }
    std::sort(left.begin(), left.end(),
              [](const auto &a, const auto &b) { return a->memory_bytes() > b->memory_bytes(); });
    for (const auto &shard : left) {
        if (flushing >= limit / 2) break;
        flushing += shard->memory_bytes();
        shard->freeze();
        flushed.emplace_back(shard, shard->frozen.size());
    }
}

void StrataStorage::flush_all(bool everything) {
    check_space();
    wal_->prepare_spare();
    const bool wal_full = wal_->size_bytes() > options_.wal_size_max;
    const uint64_t wal_horizon = wal_full ? wal_->next_lsn() : 0;
    uint64_t memory_bytes = 0;
    for (const auto &database : all_databases()) {
        std::vector<std::shared_ptr<Shard>> all;
        std::vector<std::pair<std::shared_ptr<Shard>, size_t>> flushed;  // and how many memtables
        {
            std::lock_guard lock(database->mutex);
            for (auto &[key, shard] : database->shards) {
                all.push_back(shard);
                if (!wants_flush(*shard, everything, wal_horizon)) continue;
                if (shard->frozen.empty() || everything) shard->freeze();
                flushed.emplace_back(shard, shard->frozen.size());
            }
            relieve(*database, flushed);
        }
        const bool index_first = everything || !flushed.empty();
        Status status = flush_index(*database, index_first);
        if (!status.ok()) note_error(root_ + "/data/" + std::to_string(database->id), status);
        for (const auto &[shard, count] : flushed) {
            if (!status.ok()) break;  // no segment before its series are known
            const Status done = flush_shard(*database, shard, count);
            if (!done.ok() && !shard->dropped) note_error(shard->directory, done);
            release_held_back(done.ok());
        }
        for (const auto &shard : all) {
            Status saved = save_tombstones(*database, shard);
            if (saved.ok()) saved = save_names(*database, *shard);
            if (!saved.ok() && !shard->dropped) note_error(shard->directory, saved);
            std::lock_guard lock(database->mutex);
            memory_bytes += shard->memory_bytes();
        }
    }
    memtable_bytes_.set(static_cast<double>(memory_bytes));
    index_cache_bytes_.set(static_cast<double>(index_cache_->size_bytes()));
    empty_trash();
    release_log();
}

// `wanted`: whatever the head holds; else only when it has grown large.
Status StrataStorage::flush_index(Database &database, bool wanted) {
    const bool repaired = running_ && !database.repairs_index && database.index.incomplete();
    if (!wanted && !repaired && database.index.statistics().head_bytes < kIndexHeadMax) return {};
    const auto flushed = database.index.flush();
    if (!flushed.ok()) return flushed.status();
    return repaired ? database.index.mark_complete() : Status();
}

// The manifest of a shard that has none yet, and its directories.
Status StrataStorage::ensure_manifest(Database &database, Shard &shard) {
    if (shard.manifest) return {};
    VARVE_RETURN_IF_ERROR(files_.make_directory(shard.directory));
    std::string parent = shard.directory;
    while (parent.size() > root_.size()) {
        parent = parent_of(parent);
        VARVE_RETURN_IF_ERROR(files_.sync_directory(parent));
    }
    ManifestState state;
    {
        std::lock_guard lock(database.mutex);
        state.identity = shard.identity;
    }
    auto made = Manifest::create(files_, shard.directory + "/MANIFEST", std::move(state));
    if (!made.ok()) return made.status();
    shard.manifest.emplace(std::move(*made));
    return {};
}

// Renames of database and policy.
Status StrataStorage::save_names(Database &database, Shard &shard) {
    std::lock_guard files(shard.files_mutex);
    std::string db_name;
    std::string rp_name;
    {
        std::lock_guard lock(database.mutex);
        db_name = shard.identity.db_name;
        rp_name = shard.identity.rp_name;
        if (shard.dropped) return {};
    }
    return shard.manifest ? shard.manifest->rename(db_name, rp_name) : Status();
}

Status StrataStorage::save_tombstones(Database &database, const std::shared_ptr<Shard> &shard) {
    std::lock_guard files(shard->files_mutex);
    ManifestEdit edit;
    {
        std::lock_guard lock(database.mutex);
        if (shard->dropped) return {};
        for (const auto &tombstone : shard->tombstones) {
            if (tombstone->lsn <= shard->last_saved_tombstone) continue;
            edit.tombstones[tombstone->lsn] = encode_tombstone(*tombstone);
        }
    }
    if (edit.tombstones.empty()) return {};
    if (committer_ != nullptr) {
        VARVE_RETURN_IF_ERROR(wal_->sync_to(edit.tombstones.rbegin()->first));
    }
    VARVE_RETURN_IF_ERROR(ensure_manifest(database, *shard));
    VARVE_RETURN_IF_ERROR(shard->manifest->apply(edit));
    std::lock_guard lock(database.mutex);
    shard->last_saved_tombstone =
        std::max(shard->last_saved_tombstone, edit.tombstones.rbegin()->first);
    return {};
}

// Flushes the oldest `count` frozen memtables, not those that were frozen after the index was
// flushed.
Status StrataStorage::flush_shard(Database &database, const std::shared_ptr<Shard> &shard,
                                  size_t count) {
    for (; count != 0; --count) {
        std::shared_ptr<ShardMemtable> memtable;
        {
            std::lock_guard lock(database.mutex);
            if (shard->dropped || shard->frozen.empty()) return {};
            memtable = shard->frozen.front();
        }
        VARVE_RETURN_IF_ERROR(flush_memtable(database, shard, memtable));
    }
    return {};
}

Status StrataStorage::flush_memtable(Database &database, const std::shared_ptr<Shard> &shard,
                                     const std::shared_ptr<ShardMemtable> &memtable) {
    auto sources = std::make_shared<Sources>();
    sources->memtables.push_back(memtable);
    sources->columns = &shard->columns;
    SegmentWriter::Lsns lsns{memtable->lsn_min(), memtable->lsn_max(), memtable->lsn_max()};
    {
        std::lock_guard lock(database.mutex);
        choose_tombstones(*shard, false, *sources, lsns);
    }
    if (committer_ != nullptr) {
        // Deletes too: what the log might still lose must not be carried out in one shard alone.
        const Status synced = wal_->sync_to(std::max(memtable->lsn_max(), lsns.applied));
        if (!synced.ok()) host_.log_warning("flushing rows that the log does not hold");
    }
    {
        std::lock_guard files(shard->files_mutex);
        VARVE_RETURN_IF_ERROR(ensure_manifest(database, *shard));
    }
    const auto infos = write_segments(database, *shard, sources, lsns, Tier::fast, false);
    if (!infos.ok()) return infos.status();
    auto segments = open_segments(*shard, *infos);
    if (!segments.ok()) return segments.status();
    std::lock_guard files(shard->files_mutex);
    {
        std::lock_guard lock(database.mutex);
        if (shard->dropped) return {};
    }
    VARVE_RETURN_IF_ERROR(shard->manifest->apply({lsns.max, *infos, {}, {}, {}}));
    std::lock_guard lock(database.mutex);
    if (shard->dropped) return {};
    shard->segments.insert(shard->segments.end(), segments->begin(), segments->end());
    shard->frozen.erase(shard->frozen.begin());
    shard->flushed_lsn = lsns.max;
    shard->publish();
    flushes_total_.add();
    return {};
}

// Everything below the lowest LSN that is only in the log is not needed any more. The next LSN is
// read first: what gets a lower one is in a memtable by the time its database's lock is taken.
void StrataStorage::release_log() {
    uint64_t horizon = wal_->next_lsn();
    for (const auto &database : all_databases()) {
        std::lock_guard lock(database->mutex);
        for (const auto &[key, shard] : database->shards) {
            horizon = std::min(horizon, shard->first_unflushed_lsn());
        }
    }
    {
        std::lock_guard lock(mutex_);
        if (!pending_drops_.empty()) horizon = std::min(horizon, *pending_drops_.begin());
    }
    wal_->release(horizon);
    remove_dropped_databases();
}

// What is left of a dropped database goes when no frame in the log can name its series any more and
// nobody uses it.
void StrataStorage::remove_dropped_databases() {
    std::vector<uint64_t> gone;
    {
        std::lock_guard lock(mutex_);
        std::erase_if(dropped_databases_, [&](const auto &entry) {
            const auto &[db_id, dropped] = entry;
            if (databases_.count(db_id) != 0) return true;  // opened again
            if (wal_->released_lsn() < dropped.lsn || !dropped.database.expired()) return false;
            gone.push_back(db_id);
            return true;
        });
    }
    for (const uint64_t db_id : gone) {
        const Status status = files_.remove_tree(root_ + "/data/" + std::to_string(db_id));
        if (!status.ok()) host_.log_warning("a dropped database", {{"error", status.text()}});
    }
}

}  // namespace varve::strata
