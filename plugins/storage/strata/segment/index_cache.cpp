#include "storage/strata/segment/index_cache.hpp"

namespace varve::strata {

namespace {

// Of the list's and the map's nodes.
constexpr uint64_t kEntryBytes = 192;

}  // namespace

uint64_t IndexCache::segment_number() {
    const std::scoped_lock lock(mutex_);
    return ++segments_;
}

std::shared_ptr<const void> IndexCache::find_any(const Place &place) {
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(place);
    if (found == known_.end()) return nullptr;
    ages_.splice(ages_.end(), ages_, found->second);
    return found->second->what;
}

void IndexCache::keep(const Place &place, std::shared_ptr<const void> what, uint64_t size_bytes) {
    size_bytes += kEntryBytes;
    if (size_bytes > size_max_) return;
    const std::scoped_lock lock(mutex_);
    const auto [at, made] = known_.try_emplace(place);
    if (!made) return;
    at->second = ages_.insert(ages_.end(), {place, std::move(what), size_bytes});
    size_bytes_ += size_bytes;
    while (size_bytes_ > size_max_) {
        size_bytes_ -= ages_.front().size_bytes;
        known_.erase(ages_.front().place);
        ages_.pop_front();
    }
}

uint64_t IndexCache::size_bytes() const {
    const std::scoped_lock lock(mutex_);
    return size_bytes_;
}

}  // namespace varve::strata
