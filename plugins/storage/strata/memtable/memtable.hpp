// Rows of one shard that are not in a segment yet.
//
//   Memtable ── slot per series ── chunk → chunk → …
//
// A chunk holds rows of one shape (a set of columns), row-major, 8-byte words: time, LSN, ordinal,
// then one word per column; a string's word points to its length and bytes in the arena. Chunks
// only grow at the end: the writer fills a row and then publishes the count, so readers take
// (chunk, count) and never stop the writer. Rows lie in order of arrival; order in time and
// last-write-wins are the reader's work.
//
// Threads: append and columns belong to the writer; everything else may be called on any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/strata/files/arena.hpp"

namespace varve::strata {

// A column of a shard; lives as long as the shard.
struct Column {
    std::string measurement;
    std::string name;
    uint32_t type = 0;
};

// The columns of a shard: (measurement, name, type) → Column, stable pointers.
class ColumnTable {
  public:
    const Column *intern(std::string_view measurement, std::string_view name, uint32_t type);
    const Column *find(std::string_view measurement, std::string_view name, uint32_t type) const;

  private:
    using Key = std::pair<std::string, std::pair<std::string, uint32_t>>;
    mutable std::shared_mutex mutex_;
    std::map<Key, std::unique_ptr<Column>> columns_;
};

struct Shape {
    std::vector<const Column *> columns;

    uint32_t words() const { return 3 + static_cast<uint32_t>(columns.size()); }
    // Where a row has the column's word; −1: nowhere.
    int64_t offset_of(const Column *column) const {
        const auto found = std::find(columns.begin(), columns.end(), column);
        return found == columns.end() ? -1 : 3 + (found - columns.begin());
    }
};

struct Chunk {
    const Shape *shape = nullptr;
    uint32_t capacity = 0;
    std::atomic<uint32_t> count{0};
    std::atomic<Chunk *> next{nullptr};
    // Of the rows shown so far, and perhaps of the next one.
    std::atomic<int64_t> time_min{INT64_MAX};
    std::atomic<int64_t> time_max{INT64_MIN};
    uint64_t *rows = nullptr;

    const uint64_t *row(uint32_t index) const { return rows + index * shape->words(); }
};

class Memtable {
  public:
    // ---- the writer's ----
    // The shape with exactly these columns.
    const Shape *shape(const std::vector<const Column *> &columns);
    // Reserves for these series come now: what each would wait for is fetched for all of them at
    // once, slot, chunk and row one after the other.
    void prefetch(std::span<const uint32_t> series) const;
    // Rows of one write follow, in any number.
    void begin_write(uint64_t lsn);
    // Room for one row of the series: words()-many words to be filled in, of which the first two
    // (time, LSN) are; publish() shows it. `is_new`: set when it is the series' first row here.
    uint64_t *reserve(uint32_t series, const Shape *shape, int64_t time, bool &is_new);
    void publish() {
        const uint32_t count = reserved_->count.load(std::memory_order_relaxed);
        reserved_->count.store(count + 1, std::memory_order_release);
    }
    void end_write(uint64_t row_count);
    // A string kept in the arena, as a word.
    uint64_t keep_text(std::string_view text);

    // ---- [any] ----
    static std::string_view text_of(uint64_t word);
    // The first chunk of a series, or null.
    const Chunk *chunks(uint32_t series) const;
    // The series that have rows up to this LSN, in the order of their first rows.
    std::vector<uint32_t> series(uint64_t lsn = UINT64_MAX) const;
    size_t series_count() const;
    uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }
    uint64_t row_count() const { return row_count_.load(std::memory_order_relaxed); }
    bool empty() const { return row_count() == 0; }
    // Of the rows; meaningless while it is empty.
    uint64_t lsn_min() const { return lsn_min_.load(std::memory_order_relaxed); }
    uint64_t lsn_max() const { return lsn_max_.load(std::memory_order_relaxed); }
    int64_t created_ns = 0;  // when the first row came, monotonic; the writer's

  private:
    struct Slot {
        std::atomic<Chunk *> first{nullptr};
        Chunk *last = nullptr;
    };

    // Ids are dense over a database, but a shard may hold few of them.
    static constexpr uint32_t kPageSlots = 64;
    struct Page {
        Slot slots[kPageSlots];
    };
    Slot *slot_of(uint32_t series) const {
        const size_t page = series / kPageSlots;
        if (page >= pages_.size() || pages_[page] == nullptr) return nullptr;
        return &pages_[page]->slots[series % kPageSlots];
    }

    Arena arena_;
    uint64_t lsn_ = 0;           // of the write that is taken in
    Chunk *reserved_ = nullptr;  // has the row that publish() shows
    std::deque<Shape> shapes_;
    std::map<std::vector<const Column *>, const Shape *> shape_of_;
    mutable std::shared_mutex mutex_;  // pages_ and series_ against readers
    std::vector<Page *> pages_;        // in the arena
    std::vector<uint32_t> series_;
    std::vector<uint64_t> first_lsns_;  // like series_
    std::atomic<uint64_t> size_bytes_{0};
    std::atomic<uint64_t> row_count_{0};
    std::atomic<uint64_t> lsn_min_{UINT64_MAX};
    std::atomic<uint64_t> lsn_max_{0};
};

}  // namespace varve::strata
