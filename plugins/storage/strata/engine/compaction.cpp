// The merge task. Segments of a shard are merged in runs of neighbours in the order of LSNs (a run
// may be several segments with disjoint series that one merge wrote).
//
//   everything asked for, or cold   all runs become one, densely packed, deletes applied
//   a delete with conditions        all runs become one as soon as no older rows are in memtables:
//                                   only all rows together tell what a condition meets
//   more than segments_max runs     the newest ones, and older ones as long as they are no larger
//                                   than what is taken already
//
// A merge writes its series in the order of ids and begins a new segment at segment_size_max; it
// gives way to writers (pace) unless somebody waits for it, and can be abandoned at any series.
// Nothing is visible before all of its segments are in the manifest, in one edit.
#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "storage/strata/engine/strata_storage.hpp"

namespace varve::strata {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// Writers seen within this time make merges give way.
constexpr int64_t kBusyNs = 200 * kMillisecond;
constexpr int64_t kRetryFirstNs = 1000 * kMillisecond;  // after a merge that failed, then doubled
constexpr int64_t kRetryMaxNs = 300'000 * kMillisecond;
constexpr uint64_t kMergeCacheMax = 256 << 20;
constexpr size_t kTombstonesMax = 32;     // more are applied at once
constexpr uint64_t kForgottenMin = 1000;  // fewer dead series are not worth a collection

bool has_conditions(const Shard &shard) {
    return std::any_of(shard.tombstones.begin(), shard.tombstones.end(),
                       [](const auto &tombstone) { return !tombstone->conditions.empty(); });
}

// Where the runs begin.
std::vector<size_t> runs_of(const Shard &shard) {
    std::vector<size_t> starts;
    for (size_t i = 0; i < shard.segments.size(); ++i) {
        const SegmentHeader &header = shard.segments[i]->header();
        const bool same = i != 0 && shard.segments[i - 1]->header().lsn_min == header.lsn_min &&
                          shard.segments[i - 1]->header().lsn_max == header.lsn_max;
        if (!same) starts.push_back(i);
    }
    return starts;
}

}  // namespace

struct StrataStorage::Merge {
    std::shared_ptr<Sources> sources = std::make_shared<Sources>();
    SegmentWriter::Lsns lsns;
    Tier tier = Tier::fast;
};

Status StrataStorage::compact(bool wait) {
    if (!running_) return {Code::unavailable, "the storage is not running"};
    std::unique_lock lock(maintenance_mutex_);
    const uint64_t mine = ++compactions_wanted_;
    hurry_ = true;
    maintenance_wanted_.notify_all();
    if (!wait) return {};
    maintenance_done_.wait(lock, [&] { return compactions_done_ >= mine || stop_maintenance_; });
    if (compactions_done_ < mine) return {Code::unavailable, "the storage was stopped"};
    if (!maintenance_error_.empty()) return {Code::io_error, maintenance_error_};
    return {};
}

bool StrataStorage::merge_stops() {
    std::lock_guard lock(maintenance_mutex_);
    return stop_maintenance_;
}

void StrataStorage::merge_loop() {
    std::unique_lock lock(maintenance_mutex_);
    while (!stop_maintenance_) {
        maintenance_wanted_.wait_for(
            lock, std::chrono::nanoseconds(options_.maintenance_interval_ns), [&] {
                return stop_maintenance_ || merge_woken_ || scrubs_wanted_ > scrubs_done_ ||
                       compactions_flushed_ > compactions_done_;
            });
        if (stop_maintenance_) break;
        merge_woken_ = false;
        const uint64_t wanted = compactions_flushed_;
        const uint64_t scrubs = scrubs_wanted_;
        const bool scrubs_now = scrubs > scrubs_done_;
        const bool everything = wanted > compactions_done_;
        lock.unlock();
        const Status scrubbed = scrubs_now ? scrub_all(false) : Status();
        for (const auto &database : all_databases()) {
            const Status status = merge_database(database, everything);
            if (!status.ok()) note_error(root_ + "/data/" + std::to_string(database->id), status);
        }
        if (everything) malloc_trim(0);
        if (!everything && options_.scrub_interval_ns != 0 &&
            host_.monotonic_ns() - scrubbed_ns_ > options_.scrub_interval_ns) {
            scrubbed_ns_ = host_.monotonic_ns();
            const Status status = scrub_all(true);
            if (!status.ok()) note_error(root_, status);
        }
        lock.lock();
        if (scrubs_now) scrub_status_ = scrubbed;
        scrubs_done_ = scrubs;
        compactions_done_ = wanted;
        if (compactions_done_ == compactions_wanted_) hurry_ = false;
        maintenance_done_.notify_all();
    }
}

Status StrataStorage::merge_database(const std::shared_ptr<Database> &database, bool everything) {
    std::vector<std::shared_ptr<Shard>> shards;
    {
        std::lock_guard lock(database->mutex);
        for (auto &[key, shard] : database->shards) shards.push_back(shard);
    }
    Status status;
    uint64_t debt = 0;
    for (const auto &shard : shards) {
        bool merged = true;
        while (merged && !merge_stops()) {
            merged = false;
            const Status one = merge_shard(*database, shard, everything, merged);
            if (!one.ok() && !shard->dropped) status = one;
            if (!one.ok() || everything) break;
        }
        std::lock_guard lock(database->mutex);
        debt += runs_of(*shard).size() - (shard->segments.empty() ? 0 : 1);
    }
    merge_debt_.set(static_cast<double>(debt));
    VARVE_RETURN_IF_ERROR(status);
    VARVE_RETURN_IF_ERROR(database->index.merge(everything));
    VARVE_RETURN_IF_ERROR(collect_index(*database));
    if (!everything) return {};
    std::lock_guard lock(database->mutex);
    database->index.drop_caches();
    return {};
}

// Garbage collection of series that no shard has rows of, in two steps: the second waits until the
// log does not name them any more, and until no snapshot can still ask for their keys.
Status StrataStorage::collect_index(Database &database) {
    Bitmap keep;
    {
        std::lock_guard lock(database.mutex);
        if (database.collect_lsn == 0) {
            if (database.forgotten_series <
                std::max(kForgottenMin, database.index.live_count() / 8)) {
                return {};
            }
            database.index.begin_collect();
            database.collect_lsn = std::max<uint64_t>(database.last_lsn, 1);
            database.forgotten_series = 0;
            return {};
        }
        if (wal_->released_lsn() < database.collect_lsn || open_snapshots_ != 0) return {};
        database.collect_lsn = 0;
        const Bitmap all = Bitmap::from_range(0, database.index.id_end());
        for (const auto &[key, shard] : database.shards) {
            keep |= possible_series(*shard->sources, UINT64_MAX, all);
        }
    }
    return database.index.collect(keep);
}

// Which deletes readers of these sources apply, and up to which LSN the result needs no others.
// `all_rows`: the sources hold every row of the shard that is older than its deletes with
// conditions. [writer]
void StrataStorage::choose_tombstones(const Shard &shard, bool all_rows, Sources &sources,
                                      SegmentWriter::Lsns &lsns) {
    for (const auto &tombstone : shard.tombstones) {
        if (!all_rows && !tombstone->conditions.empty()) {
            if (tombstone->lsn > lsns.max) break;  // what comes later can't count as applied
            continue;
        }
        sources.tombstones.push_back(tombstone);
        lsns.applied = std::max(lsns.applied, tombstone->lsn);
    }
}

// [writer]
bool StrataStorage::choose_merge(Shard &shard, bool everything, Merge &merge) {
    const std::vector<size_t> runs = runs_of(shard);
    if (shard.dropped || runs.empty()) return false;
    if (!everything && host_.monotonic_ns() < shard.retry_ns) return false;
    const bool conditions = has_conditions(shard);
    const bool settled =
        shard.tombstones.empty() || shard.oldest_memtable_lsn() > shard.tombstones.back()->lsn;
    const bool cold = host_.monotonic_ns() - shard.touched_ns > options_.compact_after_ns;
    const bool dense = std::all_of(shard.segments.begin(), shard.segments.end(),
                                   [](const auto &segment) { return segment->dense(); });
    const bool unpacked = runs.size() > 1 || !dense || (settled && !shard.tombstones.empty());
    size_t from = 0;
    if ((everything || cold) && unpacked && (settled || !conditions)) {
        merge.tier = Tier::dense;
    } else if ((conditions || shard.tombstones.size() > kTombstonesMax) && settled) {
        merge.tier = dense ? Tier::dense : Tier::fast;
    } else if (runs.size() > options_.segments_max && !conditions) {
        const auto size_of = [&](size_t run) {
            const size_t end = run + 1 < runs.size() ? runs[run + 1] : shard.segments.size();
            uint64_t size_bytes = 0;
            for (size_t i = runs[run]; i < end; ++i) {
                size_bytes += shard.segments[i]->footer().file_size;
            }
            return size_bytes;
        };
        size_t run = runs.size() - 2;
        uint64_t size_bytes = size_of(run) + size_of(run + 1);
        while (run > 0 && (runs.size() - run < (options_.segments_max + 1) / 2 ||
                           size_of(run - 1) <= size_bytes)) {
            size_bytes += size_of(--run);
        }
        from = runs[run];
    } else {
        return false;
    }
    merge.sources->segments.assign(shard.segments.begin() + static_cast<int64_t>(from),
                                   shard.segments.end());
    merge.sources->columns = &shard.columns;
    merge.lsns.min = UINT64_MAX;
    for (const auto &segment : merge.sources->segments) {
        merge.lsns.min = std::min(merge.lsns.min, segment->header().lsn_min);
        merge.lsns.max = std::max(merge.lsns.max, segment->header().lsn_max);
    }
    merge.lsns.applied = merge.lsns.max;
    choose_tombstones(shard, from == 0 && settled, *merge.sources, merge.lsns);
    return true;
}

Status StrataStorage::merge_shard(Database &database, const std::shared_ptr<Shard> &shard,
                                  bool everything, bool &merged) {
    Merge merge;
    {
        std::lock_guard lock(database.mutex);
        if (!choose_merge(*shard, everything, merge)) return {};
    }
    const Status status = run_merge(database, shard, merge);
    merged = status.ok();
    std::lock_guard lock(database.mutex);
    shard->retry_pause_ns =
        status.ok() ? 0 : std::clamp(shard->retry_pause_ns * 2, kRetryFirstNs, kRetryMaxNs);
    shard->retry_ns = host_.monotonic_ns() + shard->retry_pause_ns;
    return status;
}

Status StrataStorage::run_merge(Database &database, const std::shared_ptr<Shard> &shard,
                                Merge &merge) {
    const auto &inputs = merge.sources->segments;
    const auto infos =
        write_segments(database, *shard, merge.sources, merge.lsns, merge.tier, true);
    if (!infos.ok()) return infos.status();
    auto outputs = open_segments(*shard, *infos);
    if (!outputs.ok()) return outputs.status();
    // Deletes that the log might still lose must not be carried out in this shard alone.
    VARVE_RETURN_IF_ERROR(wal_->sync_to(merge.lsns.applied));
    ManifestEdit edit;
    edit.added = *infos;
    for (const auto &segment : inputs) edit.removed.push_back(segment->id);
    std::lock_guard files(shard->files_mutex);
    std::vector<std::shared_ptr<Segment>> all;
    {
        std::lock_guard lock(database.mutex);
        if (shard->dropped) return {};
        all = shard->segments;
        const auto at = std::find(all.begin(), all.end(), inputs.front());
        if (static_cast<size_t>(all.end() - at) < inputs.size() ||
            !std::equal(inputs.begin(), inputs.end(), at)) {
            return {Code::unavailable, "the segments have changed while they were merged"};
        }
        const auto end = at + static_cast<int64_t>(inputs.size());
        all.insert(all.erase(at, end), outputs->begin(), outputs->end());
        for (const auto &tombstone : shard->tombstones) {
            const bool needed = shard->oldest_memtable_lsn() < tombstone->lsn ||
                                std::any_of(all.begin(), all.end(), [&](const auto &segment) {
                                    return segment->header().applied_lsn < tombstone->lsn;
                                });
            if (!needed) edit.settled.push_back(tombstone->lsn);
        }
    }
    VARVE_RETURN_IF_ERROR(shard->manifest->apply(edit));
    std::lock_guard lock(database.mutex);
    if (shard->dropped) return {};
    shard->segments = std::move(all);
    std::erase_if(shard->tombstones, [&](const auto &tombstone) {
        return std::find(edit.settled.begin(), edit.settled.end(), tombstone->lsn) !=
               edit.settled.end();
    });
    shard->publish();
    for (const auto &segment : inputs) segment->remove_when_closed();
    merges_total_.add();
    return {};
}

// Gives way: works a quarter of the time while there are writers, and never writes more than the
// bandwidth. `began_ns` is when these bytes were begun.
void StrataStorage::pace(uint64_t bytes, int64_t began_ns) {
    if (hurry_) return;
    const int64_t now_ns = host_.monotonic_ns();
    const int64_t worked_ns = now_ns - began_ns;
    const bool busy = now_ns - written_ns_.load(std::memory_order_relaxed) < kBusyNs;
    int64_t pause_ns = busy ? worked_ns * 3 : worked_ns / 9;
    const auto wanted_ns = static_cast<int64_t>(static_cast<double>(bytes) * 1e9 /
                                                static_cast<double>(options_.compact_bandwidth));
    pause_ns = std::max(pause_ns, wanted_ns - worked_ns);
    pause(pause_ns);
}

// Sleeps, unless the storage is stopped or somebody waits for a compaction.
void StrataStorage::pause(int64_t pause_ns) {
    std::unique_lock lock(maintenance_mutex_);
    maintenance_wanted_.wait_for(lock, std::chrono::nanoseconds(std::max<int64_t>(pause_ns, 0)),
                                 [&] { return stop_maintenance_ || hurry_.load(); });
}

Result<std::vector<SegmentInfo>> StrataStorage::write_segments(
    Database &database, Shard &shard, const std::shared_ptr<const Sources> &sources,
    const SegmentWriter::Lsns &lsns, Tier tier, bool paced) {
    const Bitmap series =
        possible_series(*sources, UINT64_MAX, Bitmap::from_range(0, database.index.id_end()));
    std::vector<SegmentInfo> infos;
    std::unique_ptr<SegmentWriter> writer;
    ShardIdentity identity;
    {
        std::lock_guard lock(database.mutex);
        identity = shard.identity;
    }
    GroupCache cache(kMergeCacheMax);
    SeriesReader reader(sources, 0, {}, {}, ReadOptions{}, cache);
    KeyCursor keys(database.index);
    std::string key;
    Status status;
    int64_t began_ns = host_.monotonic_ns();
    uint64_t paced_bytes = 0;
    const auto finish = [&]() -> Status {
        if (writer == nullptr) return {};
        if (writer->has_rows()) {
            const auto info = writer->finish(lsns);
            if (!info.ok()) return info.status();
            if (paced) merge_bytes_total_.add(static_cast<double>(info->size_bytes));
            infos.push_back(*info);
        }
        writer.reset();
        return {};
    };
    const auto add = [&](uint32_t id) -> Status {
        VARVE_RETURN_IF_ERROR(keys.key_of(id, key));
        if (writer == nullptr) {
            const uint64_t number = next_segment_id_++;
            writer = std::make_unique<SegmentWriter>(
                files_, shard.directory + "/s-" + std::to_string(number) + ".vseg", identity,
                number, tier);
            VARVE_RETURN_IF_ERROR(writer->begin());
            paced_bytes = 0;
        }
        VARVE_RETURN_IF_ERROR(copy_series(reader, id, key, *writer));
        const int64_t now_ns = host_.monotonic_ns();
        if (paced && now_ns - began_ns > 5 * kMillisecond) {
            if (merge_stops()) return {Code::unavailable, "the storage is being stopped"};
            pace(writer->size_bytes() - paced_bytes, began_ns);
            paced_bytes = writer->size_bytes();
            began_ns = host_.monotonic_ns();
        }
        return writer->size_bytes() < options_.segment_size_max ? Status() : finish();
    };
    series.for_each([&](uint32_t id) {
        if (status.ok()) status = add(id);
    });
    if (status.ok()) status = finish();
    if (status.ok()) return infos;
    for (const SegmentInfo &info : infos) {
        const Status removed =
            files_.remove(shard.directory + "/s-" + std::to_string(info.id) + ".vseg");
        if (!removed.ok()) host_.log_warning(removed.text());
    }
    return status;
}

Status StrataStorage::copy_series(SeriesReader &reader, uint32_t series, const std::string &key,
                                  SegmentWriter &writer) {
    std::string unescaped;
    VARVE_RETURN_IF_ERROR(reader.reopen(series, series_key::measurement(key, unescaped), {}));
    const std::vector<const Column *> columns = reader.all_columns();
    reader.want(columns);
    VARVE_RETURN_IF_ERROR(writer.begin_series(series, key, columns));
    BlockRows rows;
    Status status = reader.next();
    for (; status.ok(); status = reader.next()) {
        VARVE_RETURN_IF_ERROR(reader.read_block(rows));
        VARVE_RETURN_IF_ERROR(writer.add_rows(rows));
    }
    return status.code() == Code::end ? Status() : status;
}

Result<std::vector<std::shared_ptr<Segment>>> StrataStorage::open_segments(
    Shard &shard, const std::vector<SegmentInfo> &infos) {
    std::vector<std::shared_ptr<Segment>> segments;
    for (const SegmentInfo &info : infos) {
        auto segment = Segment::open(
            files_, shard.directory + "/s-" + std::to_string(info.id) + ".vseg", index_cache_);
        if (!segment.ok()) return segment.status();
        (*segment)->id = info.id;
        bind_segment(shard, **segment);
        segments.push_back(*segment);
    }
    return segments;
}

}  // namespace varve::strata
