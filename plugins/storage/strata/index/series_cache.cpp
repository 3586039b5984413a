#include "storage/strata/index/series_cache.hpp"

#include <utility>

namespace varve::strata {
namespace {

constexpr size_t kSizeMin = 1024;
constexpr uint64_t kSecondSeed = 0x9e3779b97f4a7c15;

}  // namespace

SeriesCache::SeriesCache(uint64_t hash_seed, uint32_t series_max)
    : second_seed_(hash_seed ^ kSecondSeed), series_max_(series_max) {}

uint32_t SeriesCache::Generation::find(uint64_t hash, uint64_t second) const {
    if (entries.empty()) return kNoSeries;
    const size_t mask = entries.size() - 1;
    const auto first = static_cast<uint32_t>(hash);
    for (size_t at = first & mask;; at = (at + 1) & mask) {
        const Entry &entry = entries[at];
        if (entry.id == kNoSeries) return kNoSeries;
        if (entry.second == second && entry.first == first) return entry.id;
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
    count_bytes();
}

void SeriesCache::count_bytes() {
    size_bytes_.store((young_.entries.capacity() + old_.entries.capacity()) * sizeof(Entry) +
                          missing_.capacity() * sizeof(missing_[0]),
                      std::memory_order_relaxed);
}

uint32_t SeriesCache::find(uint64_t hash, uint64_t second) {
    uint32_t id = young_.find(hash, second);
    if (id != kNoSeries) return id;
    id = old_.find(hash, second);
    if (id != kNoSeries) add(hash, second, id);
    return id;
}

void SeriesCache::add(uint64_t hash, uint64_t second, uint32_t id) {
    if (young_.count >= series_max_) {
        old_ = std::exchange(young_, Generation());
    }
    if (uint64_t{young_.count} * 5 >= young_.entries.size() * 4) {
        resize(young_, young_.entries.empty() ? kSizeMin : young_.entries.size() * 2);
    }
    young_.insert({second, static_cast<uint32_t>(hash), id});
    if (is_missing(hash, second)) missing_[hash % kMissingSize] = {};
}

void SeriesCache::add_missing(uint64_t hash, uint64_t second) {
    if (missing_.empty()) {
        missing_.resize(kMissingSize);
        count_bytes();
    }
    missing_[hash % kMissingSize] = {hash, second};
}

void SeriesCache::clear() {
    young_ = Generation();
    old_ = Generation();
    missing_ = decltype(missing_)();
    count_bytes();
}

}  // namespace varve::strata
