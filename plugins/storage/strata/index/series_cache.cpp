#include "storage/strata/index/series_cache.hpp"

#include <utility>

namespace varve::strata {
namespace {

constexpr size_t kSizeMin = 1024;

}  // namespace

SeriesCache::SeriesCache(uint32_t series_max) : series_max_(series_max) {}

uint32_t SeriesCache::Generation::find(const series_key::Hashes &hashes) const {
    if (entries.empty()) return kNoSeries;
    const size_t mask = entries.size() - 1;
    const auto first = static_cast<uint32_t>(hashes.hash);
    for (size_t at = first & mask;; at = (at + 1) & mask) {
        const Entry &entry = entries[at];
        if (entry.id == kNoSeries) return kNoSeries;
        if (entry.check == hashes.check && entry.first == first) return entry.id;
    }
}

void SeriesCache::Generation::insert(const Entry &entry) {
    const size_t mask = entries.size() - 1;
    size_t at = entry.first & mask;
    while (entries[at].id != kNoSeries) at = (at + 1) & mask;
    entries[at] = entry;
    ++count;
}

void SeriesCache::resize(Generation &generation, size_t size) {
    Generation bigger;
    bigger.entries.resize(size);
    for (const Entry &entry : generation.entries) {
        if (entry.id != kNoSeries) bigger.insert(entry);
    }
    generation = std::move(bigger);
    size_bytes_.store((young_.entries.capacity() + old_.entries.capacity()) * sizeof(Entry),
                      std::memory_order_relaxed);
}

uint32_t SeriesCache::find(const series_key::Hashes &hashes) {
    uint32_t id = young_.find(hashes);
    if (id != kNoSeries) return id;
    id = old_.find(hashes);
    if (id != kNoSeries) add(hashes, id);
    return id;
}

void SeriesCache::add(const series_key::Hashes &hashes, uint32_t id) {
    if (young_.count >= series_max_) {
        old_ = std::exchange(young_, Generation());
    }
    if (uint64_t{young_.count} * 5 >= young_.entries.size() * 4) {
        resize(young_, young_.entries.empty() ? kSizeMin : young_.entries.size() * 2);
    }
    young_.insert({hashes.check, static_cast<uint32_t>(hashes.hash), id});
}

void SeriesCache::clear() {
    young_ = Generation();
    old_ = Generation();
    size_bytes_.store(0, std::memory_order_relaxed);
}

}  // namespace varve::strata
