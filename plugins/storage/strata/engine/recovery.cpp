// Start: the index and the shards from their manifests and segments. Damage never stops the start:
// the file is set aside in quarantine/, logged, counted and listed in the status, and the rest goes
// on. What an index file lacks is taken from the keys in the segments.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

uint64_t id_of(const std::string &name) {
    return number_in_name(name, "", "/");
}

}  // namespace

void StrataStorage::note_damage(std::string text) {
    quarantined_total_.add();
    std::lock_guard lock(damage_mutex_);
    damage_.push_back(std::move(text));
}

Status StrataStorage::quarantine(const std::string &path, const std::string &reason) {
    std::string name = path.substr(root_.size() + 1);
    std::replace(name.begin(), name.end(), '/', '-');
    name += "-" + std::to_string(host_.now_ns());
    host_.log_error("damaged; set aside in quarantine", {{"path", path}, {"reason", reason}});
    note_damage(path + ": " + reason);
    VARVE_RETURN_IF_ERROR(files_.make_directory(root_ + "/quarantine"));
    return files_.rename(path, root_ + "/quarantine/" + name);
}

Status StrataStorage::recover() {
    databases_.clear();
    damage_.clear();
    pending_drops_.clear();
    dropped_databases_.clear();
    unmoved_.clear();
    last_flushed_lsn_ = 0;
    for (const char *name : {"/wal", "/data", "/trash"}) {
        VARVE_RETURN_IF_ERROR(files_.make_directory(root_ + name));
    }
    VARVE_RETURN_IF_ERROR(files_.sync_directory(root_));
    VARVE_RETURN_IF_ERROR(files_.sync_directory(parent_of(root_)));
    VARVE_RETURN_IF_ERROR(load_shards());
    VARVE_RETURN_IF_ERROR(replay_log());
    for (const auto &database : all_databases()) settle_series(*database);
    return {};
}

Status StrataStorage::open_index(Database &database) {
    std::vector<SeriesIndex::Damage> damaged;
    VARVE_RETURN_IF_ERROR(database.index.open(damaged));
    for (const SeriesIndex::Damage &one : damaged) {
        const Status status = quarantine(one.path, one.reason);
        if (!status.ok() && status.code() != Code::not_found) return status;
    }
    database.indexed_end = database.index.incomplete() ? 0 : database.index.files_end();
    return {};
}

Status StrataStorage::load_shards() {
    const std::string data = root_ + "/data";
    const auto databases = files_.list(data);
    if (!databases.ok()) return databases.status();
    for (const std::string &database : *databases) {
        if (id_of(database) == 0) continue;  // no directory of ours
        const auto opened = database_or_new(id_of(database));
        if (!opened.ok()) return opened.status();
        const auto policies = files_.list(data + "/" + database);
        if (!policies.ok()) return policies.status();
        for (const std::string &policy : *policies) {
            if (id_of(policy) == 0) continue;
            const auto shards = files_.list(data + "/" + database + policy);
            if (!shards.ok()) return shards.status();
            for (const std::string &shard : *shards) {
                if (id_of(shard) == 0) continue;
                VARVE_RETURN_IF_ERROR(load_shard(**opened, id_of(policy), id_of(shard)));
            }
        }
    }
    return {};
}

// The manifest's state, or what is known without one.
Result<ManifestState> StrataStorage::load_manifest(const std::string &directory,
                                                   const ShardIdentity &fallback,
                                                   bool &has_manifest) {
    const std::string path = directory + "/MANIFEST";
    auto bytes = files_.read_all(path);
    ManifestState state;
    state.identity = fallback;
    state.complete = false;
    has_manifest = bytes.ok();
    if (bytes.status().code() == Code::not_found) return state;
    if (bytes.ok()) {
        auto parsed = parse_manifest(*bytes);
        const ShardIdentity &found = parsed.ok() ? parsed->identity : fallback;
        const bool same = found.db_id == fallback.db_id && found.rp_id == fallback.rp_id &&
                          found.shard_id == fallback.shard_id;
        if (parsed.ok() && same) return parsed;
        if (parsed.code() == Code::unsupported) return parsed;
        bytes = parsed.ok() ? Status(Code::data_loss, "the manifest is another shard's")
                            : parsed.status();
    }
    has_manifest = false;
    const Status status = quarantine(path, bytes.status().text());
    if (!status.ok()) return status;
    return state;
}

Status StrataStorage::load_shard(Database &database, uint64_t rp_id, uint64_t shard_id) {
    auto shard = std::make_shared<Shard>();
    shard->directory = shard_directory(database.id, rp_id, shard_id);
    ShardIdentity fallback;
    fallback.db_id = database.id;
    fallback.rp_id = rp_id;
    fallback.shard_id = shard_id;
    bool has_manifest = false;
    auto state = load_manifest(shard->directory, fallback, has_manifest);
    if (!state.ok() && state.code() == Code::unsupported) {
        return quarantine(shard->directory, state.status().text());
    }
    if (!state.ok()) return state.status();
    if (has_manifest && !state->complete) {
        host_.log_warning("the manifest ends in an unfinished edit; looking at all segments",
                          {{"shard", shard->directory}});
    }
    shard->identity = state->identity;
    const std::vector<SegmentInfo> listed = state->segments;
    VARVE_RETURN_IF_ERROR(load_segments(*shard, database, *state, has_manifest));
    if (shard->segments.empty() && !has_manifest) return {};
    load_tombstones(*shard, *state);
    const bool changed = state->identity != shard->identity || state->segments != listed;
    state->identity = shard->identity;
    state->complete = state->complete && !changed;
    shard->flushed_lsn = state->flushed_lsn;
    last_flushed_lsn_ = std::max(last_flushed_lsn_, state->flushed_lsn);
    database.last_lsn = std::max(database.last_lsn, state->flushed_lsn);
    auto manifest = Manifest::open(files_, shard->directory + "/MANIFEST", std::move(*state));
    if (!manifest.ok()) return manifest.status();
    shard->manifest.emplace(std::move(*manifest));
    shard->touched_ns = host_.monotonic_ns();
    shard->publish();
    add_schema(database, *shard);
    database.shards[{rp_id, shard_id}] = shard;
    return {};
}

// The disk refused; the next start asks again.
void StrataStorage::cannot_read(const std::string &path, const Status &status) {
    host_.log_error("a segment cannot be read now", {{"path", path}, {"error", status.text()}});
    note_damage(path + ": " + status.text());
}

Status StrataStorage::load_segments(Shard &shard, Database &database, ManifestState &state,
                                    bool has_manifest) {
    std::map<uint64_t, std::shared_ptr<Segment>> sound;
    std::vector<uint64_t> unread;  // the disk refused; the next start asks again
    bool whole = true;             // all that the manifest names is there
    VARVE_RETURN_IF_ERROR(open_all(shard, sound, unread, whole));
    std::vector<std::shared_ptr<Segment>> taken;
    std::vector<SegmentInfo> kept;
    for (const SegmentInfo &info : state.segments) {
        const auto found = sound.find(info.id);
        if (found != sound.end() && found->second->header().uuid == info.uuid) {
            taken.push_back(found->second);
            sound.erase(found);
            continue;
        }
        whole = false;
        if (std::find(unread.begin(), unread.end(), info.id) != unread.end()) {
            kept.push_back(info);
            continue;
        }
        host_.log_error("a segment is missing",
                        {{"shard", shard.directory}, {"segment", std::to_string(info.id)}});
    }
    for (const auto &[id, segment] : sound) {
        // A file that the manifest does not name was never finished or is merged already. But
        // behind an unfinished edit may be a flush, and for what is missing all others may help.
        const SegmentHeader &header = segment->header();
        const bool named_no_more = whole && (state.complete || header.lsn_min <= state.flushed_lsn);
        if (named_no_more || state.removed.count(id) != 0 ||
            header.lsn_max < shard.identity.created_lsn) {
            segment->remove_when_closed();
        } else {
            taken.push_back(segment);
        }
    }
    sound.clear();
    std::sort(taken.begin(), taken.end(), [](const auto &a, const auto &b) {
        const SegmentHeader &x = a->header();
        const SegmentHeader &y = b->header();
        return x.lsn_max != y.lsn_max ? x.lsn_max < y.lsn_max : x.lsn_min < y.lsn_min;
    });
    state.segments = std::move(kept);
    bool knows_range = has_manifest;
    for (const auto &segment : taken) {
        VARVE_RETURN_IF_ERROR(take_segment(shard, database, segment, state, knows_range));
    }
    return {};
}

// Makes the segment one of the shard's, unless its keys are damaged or can't be read now.
// `knows_range`: the shard's identity is known, else it becomes the segment's.
Status StrataStorage::take_segment(Shard &shard, Database &database,
                                   const std::shared_ptr<Segment> &segment, ManifestState &state,
                                   bool &knows_range) {
    const Status status = restore_series(database, *segment);
    if (status.code() == Code::data_loss) return quarantine(segment->path(), status.text());
    if (!status.ok() && status.code() != Code::io_error) return status;
    database.index.reserve_ids(segment->footer().series_end);
    state.segments.push_back(segment->info(segment->id));
    if (!status.ok()) {
        cannot_read(segment->path(), status);
        return {};
    }
    bind_segment(shard, *segment);
    const SegmentHeader &header = segment->header();
    if (!knows_range) {
        shard.identity.from_ns = header.from_ns;
        shard.identity.to_ns = header.to_ns;
        shard.identity.created_lsn = header.lsn_min;
        knows_range = true;
    }
    shard.segments.push_back(segment);
    // Not the flushed LSN: only the manifest says that a flush was finished.
    last_flushed_lsn_ = std::max(last_flushed_lsn_, header.lsn_max);
    database.last_lsn = std::max(database.last_lsn, header.lsn_max);
    return {};
}

// Opens every segment in the shard's directory; damaged ones are set aside.
Status StrataStorage::open_all(const Shard &shard,
                               std::map<uint64_t, std::shared_ptr<Segment>> &sound,
                               std::vector<uint64_t> &unread, bool &whole) {
    const auto names = files_.list(shard.directory);
    if (!names.ok()) return names.status();
    for (const std::string &name : *names) {
        const std::string path = shard.directory + "/" + name;
        if (name.ends_with(".tmp")) {  // what can't be removed stays until the next start
            const Status removed = files_.remove(path);
            if (!removed.ok()) host_.log_warning(removed.text());
            continue;
        }
        const uint64_t id = number_in_name(name, "s-", ".vseg");
        if (id == 0) continue;
        next_segment_id_ = std::max(next_segment_id_.load(), id + 1);
        auto segment = Segment::open(files_, path, index_cache_);
        if (segment.ok()) {
            (*segment)->id = id;
            sound[id] = *segment;
            continue;
        }
        whole = false;
        if (segment.code() == Code::io_error) {
            cannot_read(path, segment.status());
            unread.push_back(id);
            continue;
        }
        const bool damage =
            segment.code() == Code::data_loss || segment.code() == Code::unsupported;
        if (!damage) return segment.status();
        VARVE_RETURN_IF_ERROR(quarantine(path, segment.status().text()));
    }
    return {};
}

void StrataStorage::load_tombstones(Shard &shard, const ManifestState &state) {
    for (const auto &[lsn, bytes] : state.tombstones) {
        auto tombstone = decode_tombstone(bytes);
        if (!tombstone.ok()) {
            note_damage(shard.directory + ": " + tombstone.status().text());
            continue;
        }
        shard.tombstones.push_back(std::make_shared<Tombstone>(std::move(*tombstone)));
        shard.last_saved_tombstone = lsn;
        last_flushed_lsn_ = std::max(last_flushed_lsn_, lsn);
    }
}

// Ids that the index does not know are taken from the segment's keys.
Status StrataStorage::restore_series(Database &database, const Segment &segment) {
    if (segment.footer().series_end <= database.indexed_end) return {};
    return segment.read_keys(
        [&](uint32_t series, std::string_view key) { return database.index.restore(series, key); });
}

// Tells the segment which of the shard's columns are its own.
void StrataStorage::bind_segment(Shard &shard, Segment &segment) {
    std::vector<const Column *> columns;
    for (const Segment::SchemaColumn &column : segment.schema()) {
        columns.push_back(shard.columns.intern(column.measurement, column.name, column.type));
    }
    segment.bind(std::move(columns));
}

// The fields that the segments' rows have. Measurements whose rows a delete hides have none.
void StrataStorage::add_schema(Database &database, Shard &shard) {
    for (const auto &segment : shard.segments) {
        std::map<std::string_view, bool> alive;
        for (const Segment::SchemaColumn &column : segment->schema()) {
            auto [at, first] = alive.emplace(column.measurement, true);
            if (first && !shard.tombstones.empty()) {
                auto own = std::make_shared<Sources>(*shard.sources);
                own->segments = {segment};
                const auto members = database.index.select(column.measurement, nullptr);
                const auto left = members.ok() ? visible_series(own, UINT64_MAX, *members, {},
                                                                database.index, Doubt::count)
                                               : members;
                at->second = !left.ok() || !left->empty();
            }
            if (!at->second) continue;
            shard.schema.add(column.measurement, column.name, column.type,
                             segment->header().lsn_min);
        }
    }
}

// Tells the index which series have rows.
void StrataStorage::settle_series(Database &database) {
    const Bitmap all = Bitmap::from_range(0, database.index.id_end());
    Bitmap live;
    for (const auto &[key, shard] : database.shards) {
        const auto here =
            visible_series(shard->sources, UINT64_MAX, all, {}, database.index, Doubt::count);
        if (here.ok()) live |= *here;
    }
    database.index.set_live(std::move(live));
}

}  // namespace varve::strata
