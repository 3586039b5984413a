// The series that are not in a file yet.
//
// The writer appends keys and looks them up; it pays for nothing else. Readers take the keys apart
// when they first need tags: entries are cut into parts of columns, each immutable, and small parts
// are made anew together with what came later, so that there are few (each is more than twice the
// size of the next).
//
// Threads: find and add are the writer's; add is called under the index's lock, so that the head is
// not swapped away meanwhile. The rest is [any].
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/strata/files/arena.hpp"
#include "storage/strata/index/file/index_format.hpp"
#include "storage/strata/index/series_table.hpp"

namespace varve::strata {

// A part of a head, taken apart.
struct HeadPart {
    SeriesTable table;
    std::vector<ColumnPostings> postings;

    // The values of a column in bytewise order; sorted when first asked for. [any]
    const std::vector<uint32_t> &sorted(uint32_t column) const;

  private:
    mutable std::mutex mutex_;
    mutable std::unordered_map<uint32_t, std::vector<uint32_t>> sorted_;
};

class Head {
  public:
    struct Entry {
        const char *key = nullptr;
        uint32_t key_size = 0;
        uint32_t id = 0;
        uint64_t hash = 0;

        std::string_view view() const { return {key, key_size}; }
    };

    Head();

    // ---- [writer] ----
    uint32_t find(std::string_view key, uint64_t hash) const;  // kNoSeries
    // A find with this hash comes soon.
    void prefetch(uint64_t hash) const {
        __builtin_prefetch(&slots_[static_cast<uint32_t>(hash) & (slots_.size() - 1)]);
    }
    // The key and the id must be new. resource_exhausted when there are too many.
    Status add(std::string_view key, uint64_t hash, uint32_t id);

    // ---- [any] ----
    uint32_t size() const { return size_.load(std::memory_order_acquire); }
    const Entry &entry(uint32_t place) const {
        return chunks_[place / kChunkSize][place % kChunkSize];
    }
    // The entry of an id; null.
    const Entry *find_id(uint32_t id) const;
    uint64_t key_bytes() const { return key_bytes_.load(std::memory_order_relaxed); }
    uint64_t memory_bytes() const;
    // Every entry there is now.
    std::vector<std::shared_ptr<const HeadPart>> parts() const;

    static constexpr uint32_t kChunkSize = 16384;
    static constexpr uint32_t kChunksMax = 4096;

  private:
    struct Slot {
        uint32_t hash = 0;
        uint32_t place = UINT32_MAX;  // free
    };
    struct Part {
        uint32_t begin = 0;
        uint32_t end = 0;
        std::shared_ptr<const HeadPart> content;
    };

    void grow();

    Arena arena_;
    std::vector<Slot> slots_;  // a power of two; the writer's
    std::unique_ptr<std::unique_ptr<Entry[]>[]> chunks_;
    std::atomic<uint32_t> size_{0};  // entries below are complete
    std::atomic<uint64_t> key_bytes_{0};
    std::atomic<uint64_t> memory_bytes_{0};
    uint32_t first_id_ = 0;
    std::atomic<bool> dense_{true};  // the id of entry i is first_id_ + i
    mutable std::mutex places_mutex_;
    std::unordered_map<uint32_t, uint32_t> places_;  // id -> place; only when not dense

    mutable std::mutex parts_mutex_;
    mutable std::vector<Part> parts_;
};

}  // namespace varve::strata
