#include "storage/strata/segment/index_cache.hpp"

namespace varve::strata {

namespace {

// Of the map's node and the place in the queue.
constexpr uint64_t kEntryBytes = 192;

}  // namespace

uint64_t IndexCache::segment_number() {
    const std::scoped_lock lock(mutex_);
    return ++segments_;
}

std::shared_ptr<const void> IndexCache::find_any(const Place &place) {
    const std::shared_lock lock(mutex_);
    const auto found = known_.find(place);
    if (found == known_.end()) return nullptr;
    Known &known = found->second;
    if (!known.was_found.load(std::memory_order_relaxed)) {
        known.was_found.store(true, std::memory_order_relaxed);
    }
    return known.what;
}

void IndexCache::keep(const Place &place, const std::shared_ptr<const void> &what,
                      uint64_t size_bytes) {
    size_bytes += kEntryBytes;
    if (size_bytes > size_max_) return;
    const std::scoped_lock lock(mutex_);
    const auto [at, made] = known_.try_emplace(place, what, size_bytes);
    if (!made) return;
    turns_.push_back(place);
    size_bytes_ += size_bytes;
    while (size_bytes_ > size_max_) {
        const auto oldest = known_.find(turns_.front());
        if (oldest->second.was_found.exchange(false)) {
            turns_.push_back(turns_.front());
        } else {
            size_bytes_ -= oldest->second.size_bytes;
            known_.erase(oldest);
        }
        turns_.pop_front();
    }
}

uint64_t IndexCache::size_bytes() const {
    const std::shared_lock lock(mutex_);
    return size_bytes_;
}

}  // namespace varve::strata
