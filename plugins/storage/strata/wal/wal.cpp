#include "storage/strata/wal/wal.hpp"

#include <algorithm>
#include <chrono>

namespace varve::strata {

std::string Wal::path_of(uint64_t number) const {
    return options_.directory + "/w-" + std::to_string(number) + ".vwal";
}

Status Wal::open(uint64_t next_number, uint64_t previous_lsn, uint64_t first_lsn) {
    VARVE_RETURN_IF_ERROR(files_.make_directory(options_.directory));
    next_number_ = next_number;
    next_lsn_ = first_lsn;
    settled_lsn_ = first_lsn - 1;
    written_lsn_ = previous_lsn;
    return begin_segment(first_lsn);
}

void Wal::adopt(uint64_t number, uint64_t last_lsn) {
    closed_[number] = last_lsn;
}

// A new file of zeros under its name for good, so that later writes change no metadata.
Result<OpenFile> Wal::make_segment(uint64_t number) {
    static const std::string zeros(1 << 20, '\0');
    auto file =
        files_.open(path_of(number), VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
    if (!file.ok()) return file;
    Status status;
    for (uint64_t at = 0; at < options_.segment_size && status.ok(); at += zeros.size()) {
        status =
            file->write(at, std::string_view(zeros).substr(
                                0, std::min<uint64_t>(zeros.size(), options_.segment_size - at)));
    }
    if (status.ok()) status = file->sync();
    if (status.ok()) status = files_.sync_directory(options_.directory);
    if (status.ok()) return file;
    const Status removed = files_.remove(path_of(number));
    return removed.ok() ? status : status.with_context("a half-made log segment stays behind");
}

void Wal::prepare_spare() {
    uint64_t number = 0;
    {
        std::lock_guard lock(mutex_);
        // Until then a segment may be released and take its place.
        const bool needed = offset_.load(std::memory_order_relaxed) > options_.segment_size / 2;
        if (!needed || spare_number_ != 0 || stopping_) return;
        number = next_number_++;
    }
    auto file = make_segment(number);
    std::lock_guard lock(mutex_);
    if (!file.ok()) return;
    spare_ = std::move(*file);
    spare_number_ = number;
}

Status Wal::begin_segment(uint64_t first_lsn) {
    OpenFile fresh;
    uint64_t number = 0;
    uint64_t stale = 0;
    {
        std::lock_guard lock(mutex_);
        // A spare made before a later number was used would be read too early after a restart.
        if (spare_number_ > active_number_) {
            number = std::exchange(spare_number_, 0);
            fresh = std::move(spare_);
        } else {
            stale = std::exchange(spare_number_, 0);
            number = next_number_++;
        }
    }
    if (stale != 0) {
        const Status removed = files_.remove(path_of(stale));
        if (!removed.ok()) files_.host().log_warning(removed.text());
    }
    if (!fresh) {
        auto made = make_segment(number);
        if (!made.ok()) return made.status();
        fresh = std::move(*made);
    }
    WalHeader header;
    header.number = number;
    header.uuid = files_.random_uuid();
    header.first_lsn = first_lsn;
    header.previous_lsn = written_lsn_;
    header.size_bytes = options_.segment_size;
    VARVE_RETURN_IF_ERROR(fresh.write(0, render_wal_header(header)));
    std::lock_guard lock(mutex_);
    if (active_number_ != 0) closed_[active_number_] = active_last_lsn_;
    active_ = std::move(fresh);
    active_number_ = number;
    header_ = header;
    offset_ = kWalPageSize;
    active_last_lsn_ = first_lsn - 1;
    return {};
}

Result<uint64_t> Wal::submit(WalEntry entry) {
    if (entry.payload.size() > kWalPayloadMax) {
        return Status(Code::too_large, "a write of " + std::to_string(entry.payload.size()) +
                                           " bytes; a log frame holds " +
                                           std::to_string(kWalPayloadMax));
    }
    std::lock_guard lock(mutex_);
    if (stopping_) return Status(Code::unavailable, "the storage is stopping");
    if (!failure_.ok()) {
        return Status(Code::unavailable, "the storage is read-only: " + failure_.text());
    }
    if (queue_bytes_ > options_.queue_bytes_max) {
        return Status(Code::unavailable, "the log is " + std::to_string(queue_bytes_) +
                                             " bytes behind, allowed are " +
                                             std::to_string(options_.queue_bytes_max));
    }
    entry.lsn = next_lsn_++;
    const uint64_t lsn = entry.lsn;
    queue_bytes_ += entry.payload.size();
    queue_.push_back(std::move(entry));
    queued_.notify_one();
    return lsn;
}

Status Wal::sync_to(uint64_t lsn) {
    std::unique_lock lock(mutex_);
    sync_wanted_ = std::max(sync_wanted_, lsn);
    queued_.notify_one();
    synced_.wait(lock, [&] { return settled_lsn_ >= lsn || stopped_; });
    return failure_;
}

// Makes a segment that is not needed any more the spare, so that its blocks need not be written
// again: what it holds is void under another number and, once it has a header, under another uuid.
// False if there is a spare or the file has another size.
Result<bool> Wal::recycle(uint64_t number) {
    uint64_t fresh = 0;
    {
        std::lock_guard lock(mutex_);
        if (spare_number_ != 0 || stopping_) return false;
        fresh = next_number_++;
    }
    auto file = files_.open(path_of(number), VARVE_FILE_WRITE);
    if (!file.ok()) return false;
    const auto size_bytes = file->size();
    if (!size_bytes.ok() || *size_bytes != options_.segment_size) return false;
    VARVE_RETURN_IF_ERROR(files_.rename(path_of(number), path_of(fresh)));
    // Before anything is written to it: under the old name it would be thrown away.
    VARVE_RETURN_IF_ERROR(files_.sync_directory(options_.directory));
    std::lock_guard lock(mutex_);
    spare_ = std::move(*file);
    spare_number_ = fresh;
    return true;
}

void Wal::release(uint64_t horizon_lsn) {
    std::vector<uint64_t> numbers;
    {
        std::lock_guard lock(mutex_);
        for (const auto &[number, last_lsn] : closed_) {
            if (last_lsn >= horizon_lsn) break;
            numbers.push_back(number);
        }
    }
    for (const uint64_t number : numbers) {
        // One after the other, also for a power cut: a gap would look like lost frames.
        const auto recycled = recycle(number);
        if (!recycled.ok()) return;
        if (!*recycled) {
            const Status status = files_.remove(path_of(number));
            if (!status.ok() && status.code() != Code::not_found) return;
            if (!files_.sync_directory(options_.directory).ok()) return;
        }
        std::lock_guard lock(mutex_);
        released_lsn_ = std::max(released_lsn_, closed_[number]);
        closed_.erase(number);
    }
}

uint64_t Wal::released_lsn() const {
    std::lock_guard lock(mutex_);
    return released_lsn_;
}

uint64_t Wal::next_lsn() const {
    std::lock_guard lock(mutex_);
    return next_lsn_;
}

uint64_t Wal::size_bytes() const {
    std::lock_guard lock(mutex_);
    return (closed_.size() + 1) * options_.segment_size;
}

bool Wal::read_only() const {
    std::lock_guard lock(mutex_);
    return !failure_.ok();
}

// Writes what fits into the active segment, then goes on in the next one.
Status Wal::write_entries(const Group &group) {
    static const char padding[kWalAlignment] = {};
    size_t at = 0;
    while (at < group.size()) {
        std::vector<FrameHeader> headers;
        std::vector<varve_bytes> parts;
        headers.reserve(group.size() - at);
        const uint64_t start = offset_;
        uint64_t end = offset_;
        const uint64_t seed = header_.uuid.seed();
        size_t taken = at;
        for (; taken < group.size(); ++taken) {
            const WalEntry &entry = group[taken];
            const uint64_t size = frame_size(entry.payload.size());
            // A frame larger than a segment makes its own one longer.
            if (end + size > options_.segment_size && end != kWalPageSize) break;
            const FrameHeader &header =
                headers.emplace_back(make_frame_header(entry.type, entry.lsn, entry.payload, seed));
            parts.push_back({&header, sizeof header});
            parts.push_back({entry.payload.data(), entry.payload.size()});
            parts.push_back({padding, size - sizeof header - entry.payload.size()});
            end += size;
        }
        if (taken > at) {
            VARVE_RETURN_IF_ERROR(active_.write(start, parts));
            offset_ = end;
            active_last_lsn_ = written_lsn_ = group[taken - 1].lsn;
            at = taken;
        }
        if (at < group.size()) {
            VARVE_RETURN_IF_ERROR(active_.sync());
            VARVE_RETURN_IF_ERROR(begin_segment(group[at].lsn));
        }
    }
    return {};
}

Status Wal::write_group(Group &group) {
    Status status = write_entries(group);
    if (status.ok()) return {};
    for (WalEntry &entry : group) unsynced_.push_back(std::move(entry));
    group.clear();
    status = rewrite_unsynced();
    group = std::exchange(unsynced_, {});
    unsynced_bytes_ = 0;
    return status;
}

// The fresh segment begins where the last sync ended; what the given-up one holds beyond that is
// repeated.
Status Wal::rewrite_unsynced() {
    if (unsynced_.empty()) return {};
    written_lsn_ = std::min(written_lsn_, unsynced_.front().lsn - 1);
    VARVE_RETURN_IF_ERROR(begin_segment(unsynced_.front().lsn));
    VARVE_RETURN_IF_ERROR(write_entries(unsynced_));
    return active_.sync();
}

Status Wal::sync_active() {
    Status status = active_.sync();
    if (!status.ok()) status = rewrite_unsynced();
    if (!status.ok()) return status;
    unsynced_.clear();
    unsynced_bytes_ = 0;
    sync_deadline_ns_ = INT64_MAX;
    return {};
}

void Wal::settle(Group &group, const Status &status) {
    for (WalEntry &entry : group) {
        if (entry.done) entry.done(status, entry.lsn);
        entry.done = nullptr;
    }
}

void Wal::commit(Group group, bool wants_sync) {
    if (!group.empty()) taken_lsn_ = group.back().lsn;
    Status status = group.empty() ? Status() : write_group(group);
    if (status.ok()) {
        for (WalEntry &entry : group) {
            if (entry.durability == VARVE_DURABILITY_ALWAYS) {
                wants_sync = true;
            } else {
                if (entry.durability == VARVE_DURABILITY_INTERVAL) {
                    sync_deadline_ns_ = std::min(sync_deadline_ns_,
                                                 files_.host().monotonic_ns() + entry.interval_ns);
                }
                if (entry.done) entry.done(Status(), entry.lsn);
                entry.done = nullptr;
            }
            unsynced_bytes_ += entry.payload.size();
            unsynced_.push_back(std::move(entry));
        }
        group.clear();
        wants_sync = wants_sync || unsynced_bytes_ > options_.unsynced_bytes_max ||
                     files_.host().monotonic_ns() >= sync_deadline_ns_;
        if (wants_sync) {
            for (WalEntry &entry : unsynced_) {
                if (entry.done)
                    group.push_back({entry.type, {}, 0, 0, std::move(entry.done), entry.lsn});
                entry.done = nullptr;
            }
            status = sync_active();
        }
    }
    if (!status.ok()) {
        unsynced_.clear();
        unsynced_bytes_ = 0;
        sync_deadline_ns_ = INT64_MAX;
    }
    Status answer = status;
    if (!status.ok() && status.code() != Code::resource_exhausted) {
        answer = Status(Code::unavailable, status.text());
    }
    // The next segment must not continue what failed.
    const Status fresh = status.ok() ? Status() : begin_segment(taken_lsn_ + 1);
    settle(group, answer);
    std::lock_guard lock(mutex_);
    const bool full = status.code() == Code::resource_exhausted;
    if ((!status.ok() && !full) || (!fresh.ok() && fresh.code() != Code::resource_exhausted)) {
        failure_ = status;
        files_.host().log_error("the log cannot be written; the storage is read-only now",
                                {{"error", status.text()}});
    }
    if (wants_sync || !status.ok()) settled_lsn_ = std::max(settled_lsn_, taken_lsn_);
    synced_.notify_all();
}

void Wal::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        const auto has_work = [&] {
            return !queue_.empty() || stopping_ || sync_wanted_ > settled_lsn_;
        };
        if (sync_deadline_ns_ == INT64_MAX) {
            queued_.wait(lock, has_work);
        } else {
            const int64_t left = sync_deadline_ns_ - files_.host().monotonic_ns();
            queued_.wait_for(lock, std::chrono::nanoseconds(std::max<int64_t>(left, 0)), has_work);
        }
        Group group = std::exchange(queue_, {});
        queue_bytes_ = 0;
        const bool last = stopping_ && group.empty();
        const bool wants_sync = last || sync_wanted_ > settled_lsn_ ||
                                files_.host().monotonic_ns() >= sync_deadline_ns_;
        if (sync_wanted_ >= next_lsn_) sync_wanted_ = next_lsn_ - 1;
        const Status failure = failure_;
        lock.unlock();
        if (failure.ok()) {
            commit(std::move(group), wants_sync);
        } else {
            settle(group, Status(Code::unavailable, failure.text()));
        }
        lock.lock();
        if (!failure.ok()) settled_lsn_ = next_lsn_ - 1;
        if (last) break;
        synced_.notify_all();
    }
    stopped_ = true;
    synced_.notify_all();
}

void Wal::stop() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queued_.notify_one();
}

}  // namespace varve::strata
