// Snapshots on disk, and making the index anew.
//
// <directory>/SNAPSHOT          text: a line "strata-snapshot 1", then a line per file:
//                               <uuid, 32 hex digits> <XXH3-64, 16 hex digits> <size> <path>
// <directory>/data/<db>/<rp>/<shard>/MANIFEST   says just what the snapshot holds
//                              /s-<id>.vseg     hard links; absent if the base has the same uuid
// <directory>/data/<db>/index/…                 hard links of the files, and their MANIFEST
//
// A snapshot that is put in place of a data directory, with the files of its base linked beside,
// starts like any other.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

std::string hex(uint64_t value) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out(16, '0');
    for (int i = 15; i >= 0; --i, value >>= 4) out[static_cast<size_t>(i)] = digits[value & 15];
    return out;
}

std::string hex(const Uuid &uuid) {
    return hex(uuid.high) + hex(uuid.low);
}

}  // namespace

Status StrataStorage::snapshot(std::string_view directory, std::string_view base) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    const std::string target(directory);
    const auto there = files_.list(target);
    if (!there.ok()) return there.status();
    if (!there->empty()) {
        return {Code::already_exists, target + ": the directory is not empty"};
    }
    std::string known;  // the base's list: files whose uuid stands in it are left out
    if (!base.empty()) {
        auto read = files_.read_all(std::string(base) + "/SNAPSHOT");
        if (!read.ok()) return read.status();
        known = std::move(*read);
    }
    VARVE_RETURN_IF_ERROR(compact_flush());
    std::string list = "strata-snapshot 1\n";
    for (const auto &database : all_databases()) {
        const std::string below = "data/" + std::to_string(database->id) + "/";
        std::vector<std::shared_ptr<Shard>> shards;
        {
            std::lock_guard lock(database->mutex);
            for (const auto &[key, shard] : database->shards) shards.push_back(shard);
        }
        for (const auto &shard : shards) {
            VARVE_RETURN_IF_ERROR(snapshot_shard(*database, *shard, target, known, list));
        }
        // After the segments, so that it knows all their series.
        VARVE_RETURN_IF_ERROR(flush_index(*database, true));
        VARVE_RETURN_IF_ERROR(files_.make_directory(target + "/" + below + "index"));
        VARVE_RETURN_IF_ERROR(database->index.link_to(target + "/" + below + "index"));
    }
    return files_.write_whole(target + "/SNAPSHOT", list);
}

Status StrataStorage::snapshot_shard(Database &database, Shard &shard, const std::string &target,
                                     const std::string &known, std::string &list) {
    ManifestState state;
    std::vector<std::shared_ptr<Segment>> segments;
    {
        std::lock_guard files(shard.files_mutex);
        std::lock_guard lock(database.mutex);
        if (shard.dropped || !shard.manifest) return {};
        state = shard.manifest->state();
        segments = shard.segments;  // keeps the files until they are linked
    }
    const std::string below = shard.directory.substr(root_.size() + 1);
    VARVE_RETURN_IF_ERROR(files_.make_directory(target + "/" + below));
    for (const auto &segment : segments) {
        const std::string name = "s-" + std::to_string(segment->id) + ".vseg";
        const std::string uuid = hex(segment->header().uuid);
        // What the base says of the same file holds for ever.
        const size_t before = known.find("\n" + uuid + " ");
        if (before != std::string::npos) {
            list += known.substr(before + 1, known.find('\n', before + 1) - before);
            continue;
        }
        auto sum = files_.sum_of(segment->path());
        if (!sum.ok()) return sum.status();
        list += uuid + " " + hex(*sum) + " " + std::to_string(segment->footer().file_size) + " " +
                below + "/" + name + "\n";
        VARVE_RETURN_IF_ERROR(
            files_.link_or_copy(segment->path(), target + "/" + below + "/" + name));
    }
    VARVE_RETURN_IF_ERROR(files_.sync_directory(target + "/" + below));
    return files_.write_whole(target + "/" + below + "/MANIFEST", render_manifest(state));
}

// Flushes all memtables and the index, and returns when they are on disk.
Status StrataStorage::compact_flush() {
    std::unique_lock lock(maintenance_mutex_);
    const uint64_t mine = ++flushes_wanted_;
    maintenance_wanted_.notify_all();
    maintenance_done_.wait(lock, [&] { return flushes_done_ >= mine || stop_maintenance_; });
    if (flushes_done_ < mine) return {Code::unavailable, "the storage was stopped"};
    if (!maintenance_error_.empty()) return {Code::io_error, maintenance_error_};
    return {};
}

Status StrataStorage::rebuild_index() {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    for (const auto &database : all_databases()) {
        VARVE_RETURN_IF_ERROR(repair_index(*database));
        VARVE_RETURN_IF_ERROR(database->index.merge(true));
    }
    return {};
}

// Leaves out the index files that are damaged, and takes what the others lack from the segments
// and, for rows that are in no segment yet, from what the files still tell. Sound files stay: the
// log may name series by numbers that only they know. Writers wait meanwhile.
Status StrataStorage::repair_index(Database &database) {
    std::vector<SeriesIndex::Damage> damaged;
    Status status;
    {
        std::lock_guard lock(database.mutex);
        database.repairs_index = true;
        status = restore_index(database, damaged);
        database.repairs_index = false;
    }
    for (const SeriesIndex::Damage &one : damaged) {
        VARVE_RETURN_IF_ERROR(quarantine(one.path, one.reason));
    }
    VARVE_RETURN_IF_ERROR(status);
    return flush_index(database, true);
}

// [writer]
Status StrataStorage::restore_index(Database &database, std::vector<SeriesIndex::Damage> &damaged) {
    std::vector<std::pair<uint32_t, std::string>> kept;
    std::string key;
    for (const auto &[shard_key, shard] : database.shards) {
        for (const auto &memtable : shard->sources->memtables) {
            for (const uint32_t series : memtable->series()) {
                if (database.index.key_of(series, key).ok()) kept.emplace_back(series, key);
            }
        }
    }
    VARVE_RETURN_IF_ERROR(database.index.abandon_damaged(damaged));
    const auto restore = [&](uint32_t series, std::string_view text) {
        return database.index.restore(series, text);
    };
    for (const auto &[shard_key, shard] : database.shards) {
        for (const auto &segment : shard->segments) {
            VARVE_RETURN_IF_ERROR(segment->read_keys(restore));
        }
    }
    for (const auto &[series, text] : kept) VARVE_RETURN_IF_ERROR(restore(series, text));
    return {};
}

}  // namespace varve::strata
