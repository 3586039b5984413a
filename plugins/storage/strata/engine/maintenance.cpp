// The maintenance task: flushes, merges, trash, and what the log may forget.
//
// Flush of a shard: its frozen memtables, oldest first, become one segment each. The segment is
// entered in the manifest only after the log is synced up to it, so that a write to several shards
// never comes back in part. Merge: a run of neighbours in the order of LSNs becomes one segment;
// the newest ones are taken, and older ones as long as they are no larger than what is taken
// already.
#include <algorithm>
#include <chrono>

#include "storage/strata/engine/strata_storage.hpp"
#include "storage/strata/segment/segment_writer.hpp"

namespace varve::strata {

void StrataStorage::wake_maintenance() {
    std::lock_guard lock(maintenance_mutex_);
    woken_ = true;
    maintenance_wanted_.notify_all();
}

void StrataStorage::maintenance_loop() {
    std::unique_lock lock(maintenance_mutex_);
    while (!stop_maintenance_) {
        maintenance_wanted_.wait_for(
            lock, std::chrono::nanoseconds(options_.maintenance_interval_ns),
            [&] { return stop_maintenance_ || woken_ || compactions_wanted_ > compactions_done_; });
        if (stop_maintenance_) break;
        woken_ = false;
        const uint64_t wanted = compactions_wanted_;
        const bool everything = wanted > compactions_done_;
        if (everything) maintenance_error_.clear();
        lock.unlock();
        maintain(everything);
        lock.lock();
        compactions_done_ = wanted;
        maintenance_done_.notify_all();
    }
}

Status StrataStorage::compact(bool wait) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    std::unique_lock lock(maintenance_mutex_);
    const uint64_t mine = ++compactions_wanted_;
    maintenance_wanted_.notify_all();
    if (!wait) return {};
    maintenance_done_.wait(lock, [&] { return compactions_done_ >= mine || stop_maintenance_; });
    if (compactions_done_ < mine) return {Code::unavailable, "the storage was stopped"};
    if (!maintenance_error_.empty()) return {Code::io_error, maintenance_error_};
    return {};
}

bool StrataStorage::wants_flush(Shard &shard, bool everything, uint64_t wal_horizon) {
    if (!shard.frozen.empty()) return true;
    if (shard.active == nullptr || shard.active->empty()) return false;
    const bool old = host_.monotonic_ns() - shard.active->created_ns > options_.flush_after_ns;
    return everything || old || shard.active->lsn_min() < wal_horizon ||
           shard.active->size_bytes() >= options_.memtable_size_max;
}

void StrataStorage::maintain(bool everything) {
    wal_->prepare_spare();
    const bool wal_full = wal_->size_bytes() > options_.wal_size_max;
    const uint64_t wal_horizon = wal_full ? wal_->next_lsn() : 0;
    uint64_t memory_bytes = 0;
    for (const auto &database : all_databases()) {
        std::vector<std::shared_ptr<Shard>> shards;
        {
            std::lock_guard lock(database->mutex);
            for (auto &[key, shard] : database->shards) shards.push_back(shard);
        }
        for (const auto &shard : shards) {
            Status status;
            bool flush = false;
            {
                std::lock_guard lock(database->mutex);
                flush = !shard->dropped && wants_flush(*shard, everything, wal_horizon);
                if (flush && shard->frozen.empty()) shard->freeze();
                if (flush && everything) shard->freeze();
            }
            if (flush) status = flush_shard(*database, shard);
            if (status.ok() && shard->manifest) {
                std::string db_name;
                std::string rp_name;
                {
                    std::lock_guard lock(database->mutex);
                    db_name = shard->identity.db_name;
                    rp_name = shard->identity.rp_name;
                }
                if (!shard->dropped) status = shard->manifest->rename(db_name, rp_name);
            }
            if (status.ok()) status = merge_shard(*database, shard, everything);
            if (!status.ok() && !shard->dropped) {
                host_.log_error("maintenance of a shard failed; it will be tried again",
                                {{"shard", shard->directory}, {"error", status.text()}});
                std::lock_guard lock(maintenance_mutex_);
                maintenance_error_ = status.text();
            }
            std::lock_guard lock(database->mutex);
            memory_bytes += shard->memory_bytes();
        }
    }
    memtable_bytes_.set(static_cast<double>(memory_bytes));
    empty_trash();
    release_log();
}

// The manifest of a shard that has none yet, and its directories.
Status StrataStorage::ensure_manifest(Shard &shard) {
    if (shard.manifest) return {};
    const Status renamed = files_.make_directory(shard.directory);
    if (!renamed.ok()) return renamed;
    std::string parent = shard.directory;
    while (parent.size() > root_.size()) {
        parent = parent_of(parent);
        VARVE_RETURN_IF_ERROR(files_.sync_directory(parent));
    }
    ManifestState state;
    state.identity = shard.identity;
    auto made = Manifest::create(files_, shard.directory + "/MANIFEST", std::move(state));
    if (!made.ok()) return made.status();
    shard.manifest.emplace(std::move(*made));
    return {};
}

Result<SegmentInfo> StrataStorage::write_segment(Database &database, Shard &shard,
                                                 const std::shared_ptr<const Sources> &sources,
                                                 uint64_t lsn_min, uint64_t lsn_max,
                                                 bool one_cluster) {
    std::set<uint32_t> numbers;
    for (const auto &memtable : sources->memtables) {
        for (const uint32_t series : memtable->series()) numbers.insert(series);
    }
    for (const auto &segment : sources->segments) {
        for (const auto &keys : segment->keys()) numbers.insert(keys.series);
    }
    std::vector<const storage::Series *> all;
    all.reserve(numbers.size());
    for (const uint32_t number : numbers) all.push_back(database.index.get(number));
    std::sort(all.begin(), all.end(),
              [](const storage::Series *a, const storage::Series *b) { return a->key < b->key; });
    const uint64_t id = next_segment_id_++;
    SegmentWriter writer(files_, shard.directory + "/s-" + std::to_string(id) + ".vseg",
                         shard.identity, id);
    if (Status status = writer.begin(); !status.ok()) return status;
    ReadOptions options;
    options.one_cluster = one_cluster;
    for (const storage::Series *series : all) {
        SeriesReader reader(sources, series->id, {}, options);
        if (Status status = reader.open(); !status.ok()) return status;
        BlockRows rows;
        rows.columns = reader.all_columns();
        reader.want(rows.columns);
        writer.begin_series(series->key);
        Status status = reader.next();
        for (; status.ok(); status = reader.next()) {
            rows.row_count = reader.row_count();
            auto times = reader.times();
            if (!times.ok()) return times.status();
            rows.times = *times;
            rows.values.clear();
            for (uint32_t i = 0; i < rows.columns.size(); ++i) {
                auto column = reader.column(i);
                if (!column.ok()) return column.status();
                varve_column value{};
                value.type = rows.columns[i]->type;
                value.values = column->values;
                value.validity = column->validity;
                rows.values.push_back(value);
            }
            if (Status added = writer.add_block(rows); !added.ok()) return added;
        }
        if (status.code() != Code::end) return status;
    }
    return writer.finish(lsn_min, lsn_max);
}

Status StrataStorage::flush_shard(Database &database, const std::shared_ptr<Shard> &shard) {
    while (true) {
        std::shared_ptr<ShardMemtable> memtable;
        {
            std::lock_guard lock(database.mutex);
            if (shard->dropped || shard->frozen.empty()) return {};
            memtable = shard->frozen.front();
        }
        if (committer_ != nullptr) {
            const Status synced = wal_->sync_to(memtable->lsn_max());
            if (!synced.ok()) host_.log_warning("flushing rows that the log does not hold");
        }
        VARVE_RETURN_IF_ERROR(ensure_manifest(*shard));
        auto sources = std::make_shared<Sources>();
        sources->memtables.push_back(memtable);
        const auto info = write_segment(database, *shard, sources, memtable->lsn_min(),
                                        memtable->lsn_max(), false);
        if (!info.ok()) return info.status();
        auto segment =
            Segment::open(files_, shard->directory + "/s-" + std::to_string(info->id) + ".vseg");
        if (!segment.ok()) return segment.status();
        (*segment)->id = info->id;
        std::lock_guard lock(database.mutex);
        if (shard->dropped) return {};
        VARVE_RETURN_IF_ERROR(bind_segment(*shard, database, **segment));
        VARVE_RETURN_IF_ERROR(shard->manifest->apply({info->lsn_max, {*info}, {}}));
        shard->segments.push_back(*segment);
        shard->frozen.erase(shard->frozen.begin());
        shard->flushed_lsn = info->lsn_max;
        shard->publish();
        flushes_total_.add();
    }
}

Status StrataStorage::merge_shard(Database &database, const std::shared_ptr<Shard> &shard,
                                  bool everything) {
    auto sources = std::make_shared<Sources>();
    {
        std::lock_guard lock(database.mutex);
        const size_t count = shard->segments.size();
        if (shard->dropped || count < 2) return {};
        if (!everything && count <= options_.segments_max) return {};
        size_t from = everything ? 0 : count - 2;
        uint64_t size_bytes = 0;
        for (size_t i = from; i < count; ++i) size_bytes += shard->segments[i]->footer().file_size;
        while (from > 0 && (count - from < options_.segments_max / 2 ||
                            shard->segments[from - 1]->footer().file_size <= size_bytes)) {
            size_bytes += shard->segments[--from]->footer().file_size;
        }
        sources->segments.assign(shard->segments.begin() + static_cast<int64_t>(from),
                                 shard->segments.end());
    }
    uint64_t lsn_min = UINT64_MAX;
    uint64_t lsn_max = 0;
    ManifestEdit edit;
    for (const auto &segment : sources->segments) {
        lsn_min = std::min(lsn_min, segment->header().lsn_min);
        lsn_max = std::max(lsn_max, segment->header().lsn_max);
        edit.removed.push_back(segment->id);
    }
    const auto info = write_segment(database, *shard, sources, lsn_min, lsn_max, true);
    if (!info.ok()) return info.status();
    auto merged =
        Segment::open(files_, shard->directory + "/s-" + std::to_string(info->id) + ".vseg");
    if (!merged.ok()) return merged.status();
    (*merged)->id = info->id;
    edit.added.push_back(*info);
    edit.flushed_lsn = lsn_max;
    std::lock_guard lock(database.mutex);
    if (shard->dropped) return {};
    VARVE_RETURN_IF_ERROR(bind_segment(*shard, database, **merged));
    VARVE_RETURN_IF_ERROR(shard->manifest->apply(edit));
    auto &all = shard->segments;
    const auto at = std::find(all.begin(), all.end(), sources->segments.front());
    *at = *merged;
    all.erase(at + 1, at + static_cast<int64_t>(sources->segments.size()));
    for (const auto &segment : sources->segments) segment->remove_when_closed();
    shard->publish();
    merges_total_.add();
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
}

Status StrataStorage::status(varve_sink out) {
    uint64_t shards = 0, segments = 0, segment_bytes = 0, memory_bytes = 0, debt = 0, series = 0;
    uint64_t databases = 0;
    for (const auto &database : all_databases()) {
        std::lock_guard lock(database->mutex);
        ++databases;
        shards += database->shards.size();
        series += database->index.live_count();
        for (const auto &[key, shard] : database->shards) {
            segments += shard->segments.size();
            memory_bytes += shard->memory_bytes();
            debt += shard->frozen.size();
            for (const auto &segment : shard->segments) {
                segment_bytes += segment->footer().file_size;
            }
        }
    }
    std::string text = "{\"engine\":\"strata\"";
    const auto number = [&](const char *name, uint64_t value) {
        text += std::string(",\"") + name + "\":" + std::to_string(value);
    };
    number("databases", databases);
    number("shards", shards);
    number("series", series);
    number("segments", segments);
    number("segment_bytes", segment_bytes);
    number("memtable_bytes", memory_bytes);
    number("memtables_to_flush", debt);
    if (wal_ != nullptr) {
        number("wal_bytes", wal_->size_bytes());
        number("next_lsn", wal_->next_lsn());
        text += std::string(",\"read_only\":") + (wal_->read_only() ? "true" : "false");
    }
    text += ",\"quarantine\":[";
    {
        std::lock_guard lock(mutex_);
        for (size_t i = 0; i < quarantined_.size(); ++i) {
            text += i == 0 ? "\"" : ",\"";
            for (const char c : quarantined_[i]) {
                if (c == '"' || c == '\\') text += '\\';
                text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
            }
            text += '"';
        }
    }
    text += "]}";
    out.append(out.ctx, text.data(), text.size());
    return {};
}

}  // namespace varve::strata
