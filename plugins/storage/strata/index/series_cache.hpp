// The writer's memory of series it has met: a key's two hashes -> its id, without the key.
//
// Two generations of open addressing. A new entry goes into the young one; when that is full it
// becomes the old one, whose entries are forgotten unless they are met again. An entry is 16 bytes:
// the check, 32 bits of the hash, the id. Together with the slot that is the identity of
// the key: two keys meet by chance once in 2^96 pairs, and both hashes are seeded with the server's
// secret.
//
// One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/series_key.hpp"
#include "storage/strata/index/file/index_format.hpp"

namespace varve::strata {

class SeriesCache {
  public:
    // At most about `series_max` series per generation.
    explicit SeriesCache(uint32_t series_max);

    // A find with this hash comes soon.
    void prefetch(uint64_t hash) const {
        for (const Generation *generation : {&young_, &old_}) {
            if (generation->entries.empty()) continue;
            const size_t at = static_cast<uint32_t>(hash) & (generation->entries.size() - 1);
            __builtin_prefetch(&generation->entries[at]);
        }
    }
    uint32_t find(const series_key::Hashes &hashes);
    void add(const series_key::Hashes &hashes, uint32_t id);
    void clear();
    // [any]
    uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }

  private:
    struct Entry {
        uint64_t check = 0;
        uint32_t first = 0;
        uint32_t id = kNoSeries;  // free
    };
    struct Generation {
        std::vector<Entry> entries;  // a power of two, or none
        uint32_t count = 0;

        uint32_t find(const series_key::Hashes &hashes) const;
        void insert(const Entry &entry);
    };

    void resize(Generation &generation, size_t size);

    const uint32_t series_max_;
    Generation young_;
    Generation old_;
    std::atomic<uint64_t> size_bytes_{0};
};

}  // namespace varve::strata
