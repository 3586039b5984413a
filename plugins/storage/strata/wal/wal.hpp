// The writer of the log: one committer thread, many submitters.
//
//   1. submit() gives the entry its LSN and queues it.
//   2. The committer takes all that is queued as one group and writes it with one call.
//   3. Entries that need no sync are completed. If one of the group, a flush or a deadline asks for
//   it,
//      the segment is synced and the rest is completed. Meanwhile the next group gathers.
//
// Failures. After a failed write or sync the pages' state is unknown: the segment is given up, and
// all frames that are not known to be synced are written to a fresh one. If that fails too, the
// waiting entries fail; for want of space the log goes on trying with the next group, else it is
// read-only for good and submit() answers `unavailable`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include <varve/kind/storage.h>

#include "storage/strata/wal/wal_format.hpp"

namespace varve::strata {

struct WalOptions {
    std::string directory;
    uint64_t segment_size = 64 << 20;
    uint64_t queue_bytes_max = 256 << 20;    // submitted and not written; beyond it `unavailable`
    uint64_t unsynced_bytes_max = 16 << 20;  // then a sync comes early
};

struct WalEntry {
    FrameType type = FrameType::rows;
    std::string payload;
    uint32_t durability = VARVE_DURABILITY_ALWAYS;
    int64_t interval_ns = 0;
    // On the committer's thread, no lock held.
    std::function<void(const Status &, uint64_t lsn)> done;
    uint64_t lsn = 0;
};

class Wal {
  public:
    Wal(const Files &files, WalOptions options) : files_(files), options_(std::move(options)) {}

    // Begins the first segment. `previous_lsn` is the last one found in the log, `first_lsn` the
    // first to be given.
    Status open(uint64_t next_number, uint64_t previous_lsn, uint64_t first_lsn);
    // An older segment that still has to be kept; it is removed by release().
    void adopt(uint64_t number, uint64_t last_lsn);

    // Queues the entry and returns its LSN. unavailable when the log is read-only, stopped or too
    // far behind; too_large for a payload no frame can hold. Then `done` never comes.
    Result<uint64_t> submit(WalEntry entry);
    // Returns when everything up to this LSN is synced or has failed.
    Status sync_to(uint64_t lsn);
    // Removes the segments that hold only LSNs below this one, or uses one for the next segment.
    void release(uint64_t horizon_lsn);
    // Makes the next segment in advance if it is missing and will be needed soon.
    void prepare_spare();

    // Frames up to this LSN are not in the log any more.
    uint64_t released_lsn() const;
    uint64_t next_lsn() const;
    uint64_t size_bytes() const;
    bool read_only() const;

    // [task] The committer; returns after stop(), when everything is synced and completed.
    void run();
    void stop();

  private:
    using Group = std::vector<WalEntry>;

    Result<OpenFile> make_segment(uint64_t number);
    Result<bool> recycle(uint64_t number);
    Status begin_segment(uint64_t first_lsn);
    Status write_entries(const Group &group);
    Status write_group(Group &group);
    Status sync_active();
    Status rewrite_unsynced();
    void settle(Group &group, const Status &status);
    void commit(Group group, bool wants_sync);
    std::string path_of(uint64_t number) const;

    Files files_;
    WalOptions options_;

    mutable std::mutex mutex_;
    std::condition_variable queued_;
    std::condition_variable synced_;
    Group queue_;
    uint64_t queue_bytes_ = 0;
    uint64_t next_lsn_ = 1;
    uint64_t settled_lsn_ = 0;  // everything up to it is synced or has failed
    uint64_t sync_wanted_ = 0;
    bool stopping_ = false;
    bool stopped_ = false;
    Status failure_;  // read-only
    uint64_t next_number_ = 1;
    uint64_t spare_number_ = 0;
    OpenFile spare_;
    std::map<uint64_t, uint64_t> closed_;  // number → last LSN
    uint64_t released_lsn_ = 0;

    // The committer's alone.
    uint64_t active_number_ = 0;
    OpenFile active_;
    WalHeader header_;
    std::atomic<uint64_t> offset_{0};  // others may read it
    uint64_t active_last_lsn_ = 0;
    uint64_t written_lsn_ = 0;
    uint64_t taken_lsn_ = 0;          // the highest that came off the queue
    std::vector<WalEntry> unsynced_;  // written, not synced, kept for rewriting
    uint64_t unsynced_bytes_ = 0;
    int64_t sync_deadline_ns_ = INT64_MAX;
};

}  // namespace varve::strata
