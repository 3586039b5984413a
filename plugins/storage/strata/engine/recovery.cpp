// Start: shards from their manifests and segments, then the log above what each shard has flushed.
// Damage never stops the start: the file is set aside in quarantine/, logged, counted and listed in
// the status, and the rest goes on.
#include <algorithm>
#include <charconv>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

// LSNs are never used twice, not even those of frames that were lost with the last start.
constexpr uint64_t kLsnGap = uint64_t{1} << 20;

uint64_t id_of(const std::string &name) {
    return number_in_name(name, "", "/");
}

}  // namespace

Status StrataStorage::quarantine(const std::string &path, const std::string &reason) {
    std::string name = path.substr(root_.size() + 1);
    std::replace(name.begin(), name.end(), '/', '-');
    name += "-" + std::to_string(host_.now_ns());
    host_.log_error("damaged; set aside in quarantine", {{"path", path}, {"reason", reason}});
    quarantined_total_.add();
    {
        std::lock_guard lock(mutex_);
        quarantined_.push_back(path + ": " + reason);
    }
    VARVE_RETURN_IF_ERROR(files_.make_directory(root_ + "/quarantine"));
    return files_.rename(path, root_ + "/quarantine/" + name);
}

Status StrataStorage::recover() {
    databases_.clear();
    quarantined_.clear();
    last_flushed_lsn_ = 0;
    for (const char *name : {"/wal", "/data", "/trash"}) {
        VARVE_RETURN_IF_ERROR(files_.make_directory(root_ + name));
    }
    VARVE_RETURN_IF_ERROR(files_.sync_directory(root_));
    VARVE_RETURN_IF_ERROR(load_shards());
    return replay_log();
}

Status StrataStorage::load_shards() {
    const std::string data = root_ + "/data";
    const auto databases = files_.list(data);
    if (!databases.ok()) return databases.status();
    for (const std::string &database : *databases) {
        const auto policies = files_.list(data + "/" + database);
        if (!policies.ok()) return policies.status();
        for (const std::string &policy : *policies) {
            const auto shards = files_.list(data + "/" + database + policy);
            if (!shards.ok()) return shards.status();
            for (const std::string &shard : *shards) {
                VARVE_RETURN_IF_ERROR(load_shard(id_of(database), id_of(policy), id_of(shard)));
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
    const Status status = quarantine(path, bytes.status().text());
    if (!status.ok()) return status;
    return state;
}

Status StrataStorage::load_shard(uint64_t db_id, uint64_t rp_id, uint64_t shard_id) {
    if (db_id == 0 || rp_id == 0 || shard_id == 0) return {};  // no directory of ours
    const auto database = database_or_new(db_id);
    auto shard = std::make_shared<Shard>();
    shard->directory = shard_directory(db_id, rp_id, shard_id);
    ShardIdentity fallback;
    fallback.db_id = db_id;
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
    const ManifestState before = *state;
    VARVE_RETURN_IF_ERROR(load_segments(*shard, *database, *state));
    if (shard->segments.empty() && shard->identity.to_ns == 0) return {};
    state->identity = shard->identity;
    shard->flushed_lsn = state->flushed_lsn;
    last_flushed_lsn_ = std::max(last_flushed_lsn_, state->flushed_lsn);
    database->last_lsn = std::max(database->last_lsn, state->flushed_lsn);
    auto manifest = Manifest::create(files_, shard->directory + "/MANIFEST", std::move(*state));
    if (!manifest.ok()) return manifest.status();
    shard->manifest.emplace(std::move(*manifest));
    shard->publish();
    database->shards[{rp_id, shard_id}] = shard;
    return {};
}

Status StrataStorage::load_segments(Shard &shard, Database &database, ManifestState &state) {
    const auto names = files_.list(shard.directory);
    if (!names.ok()) return names.status();
    std::map<uint64_t, std::shared_ptr<Segment>> sound;
    bool trusted = state.complete;
    for (const std::string &name : *names) {
        const std::string path = shard.directory + "/" + name;
        if (name.ends_with(".tmp")) VARVE_RETURN_IF_ERROR(files_.remove(path));
        const uint64_t id = number_in_name(name, "s-", ".vseg");
        if (id == 0) continue;
        next_segment_id_ = std::max(next_segment_id_.load(), id + 1);
        auto segment = Segment::open(files_, path);
        if (segment.ok()) {
            (*segment)->id = id;
            sound[id] = *segment;
            continue;
        }
        const bool damage = segment.code() == Code::data_loss ||
                            segment.code() == Code::unsupported || segment.code() == Code::io_error;
        if (!damage) return segment.status();
        trusted = false;
        VARVE_RETURN_IF_ERROR(quarantine(path, segment.status().text()));
    }
    std::vector<std::shared_ptr<Segment>> taken;
    for (const SegmentInfo &info : state.segments) {
        const auto found = sound.find(info.id);
        if (found == sound.end() || found->second->header().uuid != info.uuid) {
            trusted = false;
            host_.log_error("a segment is missing",
                            {{"shard", shard.directory}, {"segment", std::to_string(info.id)}});
            continue;
        }
        taken.push_back(found->second);
        sound.erase(found);
    }
    for (const auto &[id, segment] : sound) {
        // With a whole manifest, a file it does not name was never finished or is merged already.
        if (trusted || segment->header().lsn_max < shard.identity.created_lsn) {
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
    state.segments.clear();
    for (const auto &segment : taken) {
        const Status status = add_segment(shard, database, segment);
        if (status.code() == Code::data_loss) {
            VARVE_RETURN_IF_ERROR(quarantine(segment->path(), status.text()));
            continue;
        }
        VARVE_RETURN_IF_ERROR(status);
        state.segments.push_back(segment->info(segment->id));
        state.flushed_lsn = std::max(state.flushed_lsn, segment->header().lsn_max);
    }
    return {};
}

// Tells shard and index what is in the segment. [writer]
Status StrataStorage::bind_segment(Shard &shard, Database &database, Segment &segment) {
    std::vector<const Column *> columns;
    for (const Segment::SchemaColumn &column : segment.schema()) {
        columns.push_back(shard.columns.intern(column.measurement, column.name, column.type));
    }
    for (Segment::SeriesKeys &keys : segment.keys()) {
        const uint64_t hash = series_key::hash(keys.key, database.index.hash_seed());
        auto series = database.index.intern(keys.key, hash);
        if (!series.ok()) {
            return {Code::data_loss, segment.path() + ": " + series.status().text()};
        }
        keys.series = (*series)->id;
    }
    segment.bind(std::move(columns));
    return {};
}

Status StrataStorage::add_segment(Shard &shard, Database &database,
                                  std::shared_ptr<Segment> segment) {
    VARVE_RETURN_IF_ERROR(bind_segment(shard, database, *segment));
    const SegmentHeader &header = segment->header();
    if (shard.identity.to_ns == 0) {  // no manifest: the segment knows
        shard.identity.from_ns = header.from_ns;
        shard.identity.to_ns = header.to_ns;
        shard.identity.created_lsn = header.lsn_min;
    }
    for (const Segment::SchemaColumn &column : segment->schema()) {
        shard.schema.add(column.measurement, column.name, column.type, header.lsn_min);
    }
    for (const Segment::SeriesKeys &keys : segment->keys()) {
        if (shard.has(keys.series)) continue;
        shard.add(keys.series, header.lsn_min);
        database.index.acquire(database.index.at(keys.series));
    }
    shard.segments.push_back(std::move(segment));
    return {};
}

Status StrataStorage::replay_log() {
    const std::string directory = root_ + "/wal";
    const auto names = files_.list(directory);
    if (!names.ok()) return names.status();
    std::vector<uint64_t> numbers;
    for (const std::string &name : *names) {
        if (const uint64_t number = number_in_name(name, "w-", ".vwal")) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    WalOptions options;
    options.directory = directory;
    options.segment_size = options_.wal_segment_size;
    wal_ = std::make_unique<Wal>(files_, options);
    uint64_t last_lsn = 0;
    bool first_file = true;
    for (const uint64_t number : numbers) {
        VARVE_RETURN_IF_ERROR(replay_file(number, last_lsn, first_file));
        first_file = false;
    }
    const uint64_t highest = std::max(last_lsn, last_flushed_lsn_);
    const uint64_t first_lsn = highest == 0 ? 1 : (highest / kLsnGap + 1) * kLsnGap;
    const uint64_t next_number = numbers.empty() ? 1 : numbers.back() + 1;
    return wal_->open(next_number, last_lsn, first_lsn);
}

Status StrataStorage::replay_file(uint64_t number, uint64_t &last_lsn, bool first_file) {
    const std::string path = root_ + "/wal/w-" + std::to_string(number) + ".vwal";
    const auto bytes = files_.read_all(path);
    if (!bytes.ok()) return quarantine(path, bytes.status().text());
    const auto contents = parse_wal_segment(*bytes);
    if (!contents.ok()) return quarantine(path, contents.status().text());
    if (!contents->used || contents->header.number != number) return files_.remove(path);
    if (!first_file && contents->header.previous_lsn > last_lsn) {
        host_.log_error("frames of the log are lost",
                        {{"after", std::to_string(last_lsn)},
                         {"up to", std::to_string(contents->header.previous_lsn)}});
        quarantined_total_.add();
        quarantined_.push_back(path + ": the frames with LSN " + std::to_string(last_lsn + 1) +
                               " to " + std::to_string(contents->header.previous_lsn) +
                               " before it are lost");
    }
    if (contents->damaged) {
        host_.log_error("the log is damaged in the middle; what is sound behind it was read",
                        {{"path", path}, {"offset", std::to_string(contents->damage_offset)}});
        quarantined_total_.add();
        quarantined_.push_back(path + ": damaged at " + std::to_string(contents->damage_offset));
    }
    for (const Frame &frame : contents->frames) {
        if (frame.lsn <= last_lsn) continue;
        last_lsn = frame.lsn;
        replay_frame(frame);
    }
    wal_->adopt(number, last_lsn);
    return {};
}

void StrataStorage::replay_frame(const Frame &frame) {
    const auto lost = [&](const std::string &reason) {
        host_.log_error("a frame of the log cannot be used",
                        {{"lsn", std::to_string(frame.lsn)}, {"reason", reason}});
        quarantined_total_.add();
        quarantined_.push_back("frame " + std::to_string(frame.lsn) + ": " + reason);
    };
    if (frame.type == FrameType::shard_drop || frame.type == FrameType::database_drop) {
        ByteReader reader(frame.payload);
        const auto db_id = reader.get<uint64_t>();
        const auto rp_id = reader.get<uint64_t>();
        const bool one = frame.type == FrameType::shard_drop;
        const uint64_t shard_id = one ? reader.get<uint64_t>() : 0;
        if (!reader.ok()) return lost("a drop that makes no sense");
        const auto database = database_or_new(db_id);
        std::erase_if(database->shards, [&](const auto &entry) {
            if (rp_id != 0 && entry.first.first != rp_id) return false;
            if (one && entry.first.second != shard_id) return false;
            if (entry.second->identity.created_lsn > frame.lsn) return false;
            forget_shard(*database, entry.second, frame.lsn);
            return true;
        });
        pending_drops_.insert(frame.lsn);
        return;
    }
    if (frame.type != FrameType::rows) return lost("an unknown type");
    auto rows = decode_rows(frame.payload);
    if (!rows.ok()) return lost(rows.status().text());
    const auto database = database_or_new(rows->db_id);
    for (RowsPart &part : rows->parts) {
        for (const std::string_view key : part.keys) {
            auto series =
                database->index.intern(key, series_key::hash(key, database->index.hash_seed()));
            if (!series.ok()) return lost(series.status().text());
            part.series.push_back(*series);
        }
    }
    apply(*database, *rows, frame.lsn);
    for (const auto &[key, shard] : database->shards) {
        if (shard->frozen.empty()) continue;
        const Status status = flush_shard(*database, shard);
        if (!status.ok()) {
            host_.log_warning("a flush failed while the log was read; it will be tried again",
                              {{"error", status.text()}});
        }
    }
}

}  // namespace varve::strata
