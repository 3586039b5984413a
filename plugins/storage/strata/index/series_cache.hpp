// The writer's memory of series it has met: a key's two hashes -> its id, without the key; and of
// the keys that it lately did not find: a new series is looked for several times before it is made,
// and every time in vain, which costs most.
//
// Two generations of open addressing. A new entry goes into the young one; when that is full it
// becomes the old one, whose entries are forgotten unless they are met again. An entry is 16 bytes:
// 64 bits of a second hash, 32 of the first, the id. Together with the slot that is the identity of
// the key: two keys meet by chance once in 2^96 pairs, and both hashes are seeded with the server's
// secret.
//
// One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/strata/index/file/index_format.hpp"

namespace varve::strata {

class SeriesCache {
  public:
    // At most about `series_max` series per generation.
    SeriesCache(uint64_t hash_seed, uint32_t series_max);

    uint64_t second_hash(std::string_view key) const { return checksum(key, second_seed_); }
    // A find with this hash comes soon.
    void prefetch(uint64_t hash) const {
        for (const Generation *generation : {&young_, &old_}) {
            if (generation->entries.empty()) continue;
            const size_t at = static_cast<uint32_t>(hash) & (generation->entries.size() - 1);
            __builtin_prefetch(&generation->entries[at]);
        }
    }
    uint32_t find(uint64_t hash, uint64_t second);
    // The key is no longer missing.
    void add(uint64_t hash, uint64_t second, uint32_t id);
    bool is_missing(uint64_t hash, uint64_t second) const {
        return !missing_.empty() && missing_[hash % kMissingSize] == std::pair(hash, second);
    }
    // There is no such series, until add says otherwise.
    void add_missing(uint64_t hash, uint64_t second);
    void clear();
    // [any]
    uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }

  private:
    struct Entry {
        uint64_t second = 0;
        uint32_t first = 0;
        uint32_t id = kNoSeries;  // free
    };
    struct Generation {
        std::vector<Entry> entries;  // a power of two, or none
        uint32_t count = 0;

        uint32_t find(uint64_t hash, uint64_t second) const;
        void insert(const Entry &entry);
    };

    void resize(Generation &generation, size_t size);
    void count_bytes();

    // More than the new series of one batch.
    static constexpr size_t kMissingSize = 1 << 14;

    const uint64_t second_seed_;
    const uint32_t series_max_;
    Generation young_;
    Generation old_;
    std::vector<std::pair<uint64_t, uint64_t>> missing_;  // by hash; none until there is one
    std::atomic<uint64_t> size_bytes_{0};
};

}  // namespace varve::strata
