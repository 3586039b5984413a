// The log above what each shard has flushed, read at the start.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

// LSNs are never used twice, not even those of frames that were lost with the last start.
constexpr uint64_t kLsnGap = uint64_t{1} << 20;
// Memory of replayed rows from which on memtables are flushed while the log is read, where the
// account has no limit.
constexpr uint64_t kReplayedBytesMax = 512 << 20;

}  // namespace

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
    }
    const uint64_t highest = std::max(last_lsn, last_flushed_lsn_);
    const uint64_t first_lsn = highest == 0 ? 1 : (highest / kLsnGap + 1) * kLsnGap;
    const uint64_t next_number = numbers.empty() ? 1 : numbers.back() + 1;
    return wal_->open(next_number, last_lsn, first_lsn);
}

// `first_file`: none before it held frames, so that it may begin anywhere.
Status StrataStorage::replay_file(uint64_t number, uint64_t &last_lsn, bool &first_file) {
    const std::string path = root_ + "/wal/w-" + std::to_string(number) + ".vwal";
    const auto bytes = files_.read_all(path);
    Result<WalContents> contents = bytes.ok() ? parse_wal_segment(*bytes) : bytes.status();
    if (contents.ok() && (!contents->used || contents->header.number != number)) {
        return files_.remove(path);
    }
    const bool begins = std::exchange(first_file, false);
    if (!contents.ok()) return quarantine(path, contents.status().text());
    if (begins) last_lsn = contents->header.previous_lsn;
    if (contents->header.previous_lsn > last_lsn) {
        host_.log_error("frames of the log are lost",
                        {{"after", std::to_string(last_lsn)},
                         {"up to", std::to_string(contents->header.previous_lsn)}});
        note_damage(path + ": the frames with LSN " + std::to_string(last_lsn + 1) + " to " +
                    std::to_string(contents->header.previous_lsn) + " before it are lost");
    }
    if (contents->damaged) {
        host_.log_error("the log is damaged in the middle; what is sound behind it was read",
                        {{"path", path}, {"offset", std::to_string(contents->damage_offset)}});
        note_damage(path + ": damaged at " + std::to_string(contents->damage_offset));
    }
    for (const Frame &frame : contents->frames) {
        if (frame.lsn <= last_lsn) continue;
        last_lsn = frame.lsn;
        replay_frame(frame);
    }
    wal_->adopt(number, last_lsn);
    return {};
}

void StrataStorage::frame_is_lost(const Frame &frame, const std::string &reason) {
    host_.log_error("a frame of the log cannot be used",
                    {{"lsn", std::to_string(frame.lsn)}, {"reason", reason}});
    note_damage("frame " + std::to_string(frame.lsn) + ": " + reason);
}

void StrataStorage::replay_frame(const Frame &frame) {
    switch (frame.type) {
        case FrameType::rows:
            return replay_rows(frame);
        case FrameType::shard_drop:
        case FrameType::database_drop:
            return replay_drop(frame);
        case FrameType::tombstone:
            return replay_tombstone(frame);
    }
    frame_is_lost(frame, "an unknown type");
}

void StrataStorage::replay_drop(const Frame &frame) {
    ByteReader reader(frame.payload);
    const auto db_id = reader.get<uint64_t>();
    const auto rp_id = reader.get<uint64_t>();
    const bool one = frame.type == FrameType::shard_drop;
    const uint64_t shard_id = one ? reader.get<uint64_t>() : 0;
    if (!reader.ok()) return frame_is_lost(frame, "a drop that makes no sense");
    const auto database = database_or_new(db_id);
    if (!database.ok()) return frame_is_lost(frame, database.status().text());
    forget_shards(**database, frame.lsn, [&](const Shard &shard) {
        const ShardIdentity &identity = shard.identity;
        return (rp_id == 0 || identity.rp_id == rp_id) && (!one || identity.shard_id == shard_id) &&
               identity.created_lsn <= frame.lsn;
    });
    pending_drops_.insert(frame.lsn);
    if (one || rp_id != 0) return;
    dropped_databases_[db_id] = {frame.lsn, *database};
    databases_.erase(db_id);
}

void StrataStorage::replay_tombstone(const Frame &frame) {
    ByteReader reader(frame.payload);
    const auto db_id = reader.get<uint64_t>();
    const auto rp_id = reader.get<uint64_t>();
    auto tombstone = decode_tombstone(reader.bytes(reader.left()));
    if (!tombstone.ok()) return frame_is_lost(frame, tombstone.status().text());
    tombstone->lsn = frame.lsn;
    const auto database = database_or_new(db_id);
    if (!database.ok()) return frame_is_lost(frame, database.status().text());
    (*database)->last_lsn = std::max((*database)->last_lsn, frame.lsn);
    apply_tombstone(**database, rp_id, *tombstone);
}

void StrataStorage::replay_rows(const Frame &frame) {
    auto rows = decode_rows(frame.payload);
    if (!rows.ok()) return frame_is_lost(frame, rows.status().text());
    const auto found = database_or_new(rows->db_id);
    if (!found.ok()) return frame_is_lost(frame, found.status().text());
    Database &database = **found;
    for (RowsPart &part : rows->parts) {
        for (const auto &[position, key] : part.named) {
            const Status status = database.index.restore(part.series[position], key);
            if (!status.ok()) return frame_is_lost(frame, status.text());
        }
        std::string key;
        for (const uint32_t series : part.series) {
            if (series == storage::kNoSeries || database.known.contains(series)) continue;
            const Status status = database.index.key_of(series, key);
            if (!status.ok()) return frame_is_lost(frame, status.text());
            database.known.add(series);
        }
    }
    apply(database, *rows, frame.lsn);
    flush_replayed(database);
}

// Gives memory back while the log is read, so that any log fits.
void StrataStorage::flush_replayed(Database &database) {
    uint64_t used = 0;
    uint64_t limit = kReplayedBytesMax;
    if (write_account_ != nullptr) {
        const uint64_t allowed = host_.memory()->limit(write_account_);
        if (allowed != 0) limit = allowed / 2;
    }
    for (const auto &one : all_databases()) {
        for (const auto &[key, shard] : one->shards) used += shard->memory_bytes();
    }
    if (used <= limit) return;
    const Status indexed = flush_index(database, true);
    for (const auto &[key, shard] : database.shards) {
        shard->freeze();
        Status status = indexed;
        if (status.ok()) status = flush_shard(database, shard, shard->frozen.size());
        if (!status.ok()) {
            host_.log_warning("a flush failed while the log was read; it will be tried again",
                              {{"error", status.text()}});
        }
    }
}

}  // namespace varve::strata
