// What looks after the files: the scrubber, verify, and the status.
#include <algorithm>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

void append_escaped(std::string_view text, std::string &out) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    out += '"';
}

void append_number(const char *name, int64_t value, std::string &out) {
    if (out.back() != '{') out += ',';
    out += '"';
    out += name;
    out += "\":" + std::to_string(value);
}

void append_shard(const Shard &shard, std::string &out) {
    const ShardIdentity &identity = shard.identity;
    out += '{';
    append_number("db", static_cast<int64_t>(identity.db_id), out);
    append_number("rp", static_cast<int64_t>(identity.rp_id), out);
    append_number("shard", static_cast<int64_t>(identity.shard_id), out);
    out += ",\"db_name\":";
    append_escaped(identity.db_name, out);
    out += ",\"rp_name\":";
    append_escaped(identity.rp_name, out);
    append_number("from", identity.from_ns, out);
    append_number("to", identity.to_ns, out);
    uint64_t rows = 0, series = 0, dense = 0;
    for (const auto &segment : shard.segments) {
        rows += segment->footer().row_count;
        series = std::max(series, segment->footer().series_count);
        dense += segment->dense() ? 1 : 0;
    }
    append_number("segments", static_cast<int64_t>(shard.segments.size()), out);
    append_number("dense_segments", static_cast<int64_t>(dense), out);
    append_number("bytes", static_cast<int64_t>(shard.segment_bytes()), out);
    append_number("rows", static_cast<int64_t>(rows), out);
    append_number("memtable_bytes", static_cast<int64_t>(shard.memory_bytes()), out);
    append_number("deletes", static_cast<int64_t>(shard.tombstones.size()), out);
    out += '}';
}

// Walks through a directory tree and checks every file of the engine's.
class Verifier {
  public:
    Verifier(const Files &files, varve_sink report) : files_(files), report_(report) {}

    Status directory(const std::string &path) {
        const auto names = files_.list(path);
        if (!names.ok()) return names.status();
        if (std::find(names->begin(), names->end(), "index/") != names->end()) {
            VARVE_RETURN_IF_ERROR(verify_index(path + "/index"));
        }
        for (const std::string &name : *names) {
            const std::string one = path + "/" + name;
            if (name == "index/" || name == "quarantine/" || name == "trash/") continue;
            if (name.ends_with('/')) {
                VARVE_RETURN_IF_ERROR(directory(one.substr(0, one.size() - 1)));
            } else if (number_in_name(name, "s-", ".vseg") != 0) {
                auto segment = Segment::open(files_, one);
                note(one, segment.ok() ? (*segment)->verify() : segment.status());
            } else if (number_in_name(name, "w-", ".vwal") != 0) {
                note(one, log_file(one));
            } else if (name == "MANIFEST") {
                note(one, manifest(one, *names));
            }
        }
        return {};
    }

    Status finish() {
        line(std::to_string(files_seen_) + " files checked, " + std::to_string(damaged_) +
             " damaged");
        if (damaged_ == 0) return {};
        return {Code::data_loss, std::to_string(damaged_) + " damaged files"};
    }

  private:
    void line(const std::string &text) {
        report_.append(report_.ctx, (text + "\n").data(), text.size() + 1);
    }

    void note(const std::string &path, const Status &status) {
        ++files_seen_;
        if (status.ok()) return;
        ++damaged_;
        line(path + ": " + status.text());
    }

    Status verify_index(const std::string &path) {
        std::vector<SeriesIndex::Damage> damaged;
        const Status status = SeriesIndex::verify_files(files_, path, damaged, files_seen_);
        for (const SeriesIndex::Damage &one : damaged) {
            ++damaged_;
            line(one.path + ": " + one.reason);
        }
        return status;
    }

    Status log_file(const std::string &path) {
        const auto bytes = files_.read_all(path);
        if (!bytes.ok()) return bytes.status();
        const auto contents = parse_wal_segment(*bytes);
        if (!contents.ok()) return contents.status();
        if (!contents->damaged) return {};
        return {Code::data_loss,
                "damaged at " + std::to_string(contents->damage_offset) + ", sound behind it"};
    }

    Status manifest(const std::string &path, const std::vector<std::string> &names) {
        const auto bytes = files_.read_all(path);
        if (!bytes.ok()) return bytes.status();
        const auto state = parse_manifest(*bytes);
        if (!state.ok()) return state.status();
        for (const SegmentInfo &info : state->segments) {
            const std::string name = "s-" + std::to_string(info.id) + ".vseg";
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                return {Code::data_loss, name + " is missing"};
            }
        }
        return {};
    }

    const Files &files_;
    varve_sink report_;
    uint64_t files_seen_ = 0;
    uint64_t damaged_ = 0;
};

}  // namespace

Status StrataStorage::verify(std::string_view path, varve_sink report) {
    const auto names = files_.list(std::string(path));
    if (!names.ok()) return names.status();
    if (names->empty()) {
        return {Code::not_found, std::string(path) + ": no such directory, or nothing in it"};
    }
    Verifier verifier(files_, report);
    VARVE_RETURN_IF_ERROR(verifier.directory(std::string(path)));
    return verifier.finish();
}

Status StrataStorage::scrub() {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    std::unique_lock lock(maintenance_mutex_);
    const uint64_t mine = ++scrubs_wanted_;
    maintenance_wanted_.notify_all();
    maintenance_done_.wait(lock, [&] { return scrubs_done_ >= mine || stop_maintenance_; });
    if (scrubs_done_ < mine) return {Code::unavailable, "the storage was stopped"};
    return scrub_status_;
}

// Reads every segment and index file. What is damaged is set aside: with the file its rows are
// gone, and the log has been released; better some rows missing and reported than wrong ones.
Status StrataStorage::scrub_all(bool paced) {
    Status first;
    for (const auto &database : all_databases()) {
        std::vector<std::pair<std::shared_ptr<Shard>, std::shared_ptr<Segment>>> all;
        {
            std::lock_guard lock(database->mutex);
            for (const auto &[key, shard] : database->shards) {
                for (const auto &segment : shard->segments) all.emplace_back(shard, segment);
            }
        }
        for (const auto &[shard, segment] : all) {
            if (merge_stops()) return first;
            const int64_t began_ns = host_.monotonic_ns();
            const Status status = segment->verify();
            const uint64_t size_bytes = segment->footer().file_size;
            scrubbed_bytes_total_.add(static_cast<double>(size_bytes));
            if (status.code() == Code::data_loss) {
                if (first.ok()) first = status;
                VARVE_RETURN_IF_ERROR(set_aside(*database, shard, segment, status.text()));
            }
            if (!paced) continue;
            const auto wanted_ns =
                static_cast<int64_t>(static_cast<double>(size_bytes) * 1e9 /
                                     static_cast<double>(options_.scrub_bandwidth));
            pause(wanted_ns - (host_.monotonic_ns() - began_ns));
        }
        const Status index = database->index.verify();
        if (!index.ok()) {
            if (first.ok()) first = index;
            VARVE_RETURN_IF_ERROR(repair_index(*database));
        }
    }
    return first;
}

// Takes a damaged segment out of the shard and moves it to quarantine/.
Status StrataStorage::set_aside(Database &database, const std::shared_ptr<Shard> &shard,
                                const std::shared_ptr<Segment> &segment,
                                const std::string &reason) {
    std::lock_guard files(shard->files_mutex);
    {
        std::lock_guard lock(database.mutex);
        const auto &all = shard->segments;
        if (shard->dropped || std::find(all.begin(), all.end(), segment) == all.end()) return {};
    }
    VARVE_RETURN_IF_ERROR(shard->manifest->apply({0, {}, {segment->id}, {}, {}}));
    {
        std::lock_guard lock(database.mutex);
        std::erase(shard->segments, segment);
        shard->publish();
    }
    return quarantine(segment->path(), reason);
}

Status StrataStorage::status(varve_sink out) {
    uint64_t shards = 0, segments = 0, segment_bytes = 0, memory_bytes = 0, to_flush = 0;
    uint64_t series = 0, databases = 0, index_bytes = 0, index_memory = 0;
    std::string list;
    for (const auto &database : all_databases()) {
        const SeriesIndex::Statistics index = database->index.statistics();
        std::lock_guard lock(database->mutex);
        ++databases;
        shards += database->shards.size();
        series += database->index.live_count();
        index_bytes += index.disk_bytes;
        index_memory += index.memory_bytes;
        for (const auto &[key, shard] : database->shards) {
            segments += shard->segments.size();
            memory_bytes += shard->memory_bytes();
            to_flush += shard->frozen.size();
            segment_bytes += shard->segment_bytes();
            if (!list.empty()) list += ',';
            append_shard(*shard, list);
        }
    }
    std::string text = "{\"engine\":\"strata\"";
    const auto number = [&](const char *name, uint64_t value) {
        append_number(name, static_cast<int64_t>(value), text);
    };
    number("databases", databases);
    number("shard_count", shards);
    number("series", series);
    number("segments", segments);
    number("segment_bytes", segment_bytes);
    number("index_bytes", index_bytes);
    number("index_memory_bytes", index_memory);
    number("memtable_bytes", memory_bytes);
    number("memtables_to_flush", to_flush);
    if (wal_ != nullptr) {
        number("wal_bytes", wal_->size_bytes());
        number("next_lsn", wal_->next_lsn());
        text += std::string(",\"read_only\":") + (wal_->read_only() ? "true" : "false");
    }
    text += ",\"shards\":[" + list + "],\"quarantine\":[";
    {
        std::lock_guard lock(damage_mutex_);
        for (size_t i = 0; i < damage_.size(); ++i) {
            if (i != 0) text += ',';
            append_escaped(damage_[i], text);
        }
    }
    text += "]}";
    out.append(out.ctx, text.data(), text.size());
    return {};
}

}  // namespace varve::strata
