#include "storage/strata/memtable/memtable.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>

namespace varve::strata {
namespace {

constexpr uint32_t kFirstChunkRows = 2;
// Series that grow alike get their chunks at the same time: half of each is empty on average.
constexpr uint32_t kChunkRowsMax = 64;

}  // namespace

const Column *ColumnTable::intern(std::string_view measurement, std::string_view name,
                                  uint32_t type) {
    if (const Column *found = find(measurement, name, type)) return found;
    std::unique_lock lock(mutex_);
    auto &column = columns_[{std::string(measurement), {std::string(name), type}}];
    if (column == nullptr) {
        column =
            std::make_unique<Column>(Column{std::string(measurement), std::string(name), type});
    }
    return column.get();
}

const Column *ColumnTable::find(std::string_view measurement, std::string_view name,
                                uint32_t type) const {
    std::shared_lock lock(mutex_);
    const auto found = columns_.find({std::string(measurement), {std::string(name), type}});
    return found == columns_.end() ? nullptr : found->second.get();
}

const Shape *Memtable::shape(const std::vector<const Column *> &columns) {
    const Shape *&found = shape_of_[columns];
    if (found == nullptr) found = &shapes_.emplace_back(Shape{columns});
    return found;
}

void Memtable::prefetch(std::span<const uint32_t> series) const {
    for (const uint32_t one : series) __builtin_prefetch(slot_of(one));
    const auto chunk_of = [&](uint32_t one) -> const Chunk * {
        const Slot *slot = slot_of(one);
        return slot == nullptr ? nullptr : slot->last;
    };
    for (const uint32_t one : series) __builtin_prefetch(chunk_of(one));
    for (const uint32_t one : series) {
        const Chunk *chunk = chunk_of(one);
        if (chunk == nullptr) continue;
        __builtin_prefetch(chunk->row(chunk->count.load(std::memory_order_relaxed)), 1);
    }
}

void Memtable::begin_write(uint64_t lsn) {
    lsn_ = lsn;
    // Before any of its rows is shown.
    if (lsn < lsn_min()) lsn_min_.store(lsn, std::memory_order_relaxed);
    if (lsn > lsn_max()) lsn_max_.store(lsn, std::memory_order_relaxed);
}

void Memtable::end_write(uint64_t rows) {
    row_count_.store(row_count() + rows, std::memory_order_relaxed);
    size_bytes_.store(arena_.size_bytes(), std::memory_order_relaxed);
}

uint64_t *Memtable::reserve(uint32_t series, const Shape *shape, int64_t time, bool &is_new) {
    Slot *found = slot_of(series);
    is_new = found == nullptr || found->last == nullptr;
    if (is_new) {
        std::unique_lock lock(mutex_);
        const size_t page = series / kPageSlots;
        if (page >= pages_.size()) pages_.resize(std::max(page + 1, pages_.size() * 2));
        if (pages_[page] == nullptr) pages_[page] = new (arena_.allocate(sizeof(Page))) Page;
        series_.push_back(series);
        first_lsns_.push_back(lsn_);
        found = slot_of(series);
    }
    Slot &slot = *found;
    Chunk *chunk = slot.last;
    const uint32_t count = chunk == nullptr ? 0 : chunk->count.load(std::memory_order_relaxed);
    if (chunk == nullptr || chunk->shape != shape || count == chunk->capacity) {
        const bool same = chunk != nullptr && chunk->shape == shape;
        auto *made = new (arena_.allocate(sizeof(Chunk))) Chunk;
        made->shape = shape;
        made->capacity = same ? std::min(chunk->capacity * 2, kChunkRowsMax) : kFirstChunkRows;
        made->rows = static_cast<uint64_t *>(
            arena_.allocate(sizeof(uint64_t) * made->capacity * shape->words()));
        auto &link = chunk == nullptr ? slot.first : chunk->next;
        link.store(made, std::memory_order_release);
        slot.last = chunk = made;
    }
    reserved_ = chunk;
    uint64_t *row =
        chunk->rows + size_t{chunk->count.load(std::memory_order_relaxed)} * shape->words();
    row[0] = static_cast<uint64_t>(time);
    row[1] = lsn_;
    // Before the row is shown.
    if (time < chunk->time_min.load(std::memory_order_relaxed)) {
        chunk->time_min.store(time, std::memory_order_relaxed);
    }
    if (time > chunk->time_max.load(std::memory_order_relaxed)) {
        chunk->time_max.store(time, std::memory_order_relaxed);
    }
    return row;
}

uint64_t Memtable::keep_text(std::string_view text) {
    auto *at = static_cast<char *>(arena_.allocate(sizeof(uint32_t) + text.size(), 4));
    const auto size = static_cast<uint32_t>(text.size());
    std::memcpy(at, &size, sizeof size);
    std::memcpy(at + sizeof size, text.data(), text.size());
    return reinterpret_cast<uint64_t>(at);
}

std::string_view Memtable::text_of(uint64_t word) {
    const auto *at = reinterpret_cast<const char *>(word);
    if (at == nullptr) return {};
    uint32_t size = 0;
    std::memcpy(&size, at, sizeof size);
    return {at + sizeof size, size};
}

const Chunk *Memtable::chunks(uint32_t series) const {
    std::shared_lock lock(mutex_);
    const Slot *found = slot_of(series);
    return found == nullptr ? nullptr : found->first.load(std::memory_order_acquire);
}

std::vector<uint32_t> Memtable::series(uint64_t lsn) const {
    std::shared_lock lock(mutex_);
    const auto end = std::upper_bound(first_lsns_.begin(), first_lsns_.end(), lsn);
    return {series_.begin(), series_.begin() + (end - first_lsns_.begin())};
}

size_t Memtable::series_count() const {
    std::shared_lock lock(mutex_);
    return series_.size();
}

}  // namespace varve::strata
