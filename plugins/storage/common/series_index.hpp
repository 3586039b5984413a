// The series of one database: key → dense number, and what a key consists of.
//
// Numbers are given in order of arrival and never again to another key. A series is live while at
// least one shard holds rows of it (acquire and release count shards); only live series count
// against limits. Entries stay in memory until the database is dropped or the server restarts.
//
// Threads: find, intern, acquire, release and the limits belong to the database's writer, one
// thread at a time. The reading functions may run at the same time on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/series_key.hpp"
#include "storage/common/write_plan.hpp"

namespace varve::storage {

// Immutable after it was made, but for the last member, which is the writer's.
struct Series {
    uint32_t id = 0;
    uint64_t hash = 0;
    std::string key;
    series_key::Parts parts;  // views into `key` and itself
    uint32_t shard_count = 0;

    bool live() const { return shard_count != 0; }
    std::string_view measurement() const { return parts.measurement; }
};

class SeriesIndex {
  public:
    explicit SeriesIndex(uint64_t hash_seed) : hash_seed_(hash_seed) {}

    // ---- the writer's ----
    uint64_t hash_seed() const { return hash_seed_; }
    Series *find(std::string_view key, uint64_t hash);
    // Finds or makes. invalid_argument when the key is not canonical.
    Result<Series *> intern(std::string_view key, uint64_t hash);
    void acquire(Series &series);
    void release(Series &series);
    uint64_t live_count() const { return live_count_; }
    // Distinct values of a tag among live series. Counted from the first call on.
    uint64_t tag_value_count(std::string_view measurement, std::string_view tag) const;
    bool has_tag_value(std::string_view measurement, const series_key::Tag &tag) const;
    void count_tag_values();
    Series &at(uint32_t id) { return *series_[id]; }

    // ---- [any] ----
    // All series of a measurement ever made; all series when it is empty. Stable pointers.
    std::vector<const Series *> of_measurement(std::string_view measurement) const;
    const Series *get(uint32_t id) const;
    uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }

  private:
    using ValueCounts = std::map<std::string, uint64_t, std::less<>>;

    static std::string tag_slot(std::string_view measurement, std::string_view tag);
    void grow();
    void add_tag_values(const Series &series, int change);

    const uint64_t hash_seed_;
    mutable std::shared_mutex mutex_;  // series_ and by_measurement_ against readers
    std::deque<std::unique_ptr<Series>> series_;
    std::map<std::string, std::vector<const Series *>, std::less<>> by_measurement_;
    std::vector<uint32_t> slots_;  // open addressing, a power of two, kNoSeries = empty
    uint64_t live_count_ = 0;
    bool counts_tag_values_ = false;
    std::unordered_map<std::string, ValueCounts> tag_values_;
    std::atomic<uint64_t> size_bytes_{0};
};

}  // namespace varve::storage
