#include "storage/strata/segment/leaf_cache.hpp"

namespace varve::strata {
namespace {

uint64_t size_of(const Leaf &leaf) {
    uint64_t size = sizeof(Leaf) + leaf.capacity() * sizeof(GroupEntry);
    for (const GroupEntry &entry : leaf) size += entry.columns.capacity() * sizeof(ChunkPlace);
    return size;
}

}  // namespace

uint64_t LeafCache::segment_number() {
    const std::scoped_lock lock(mutex_);
    return ++segments_;
}

std::shared_ptr<const Leaf> LeafCache::find(uint64_t segment, uint32_t position) {
    const std::scoped_lock lock(mutex_);
    const auto found = leaves_.find({segment, position});
    if (found == leaves_.end()) return nullptr;
    ages_.splice(ages_.end(), ages_, found->second);
    return found->second->leaf;
}

void LeafCache::keep(uint64_t segment, uint32_t position, std::shared_ptr<const Leaf> leaf) {
    const uint64_t size = size_of(*leaf);
    const std::scoped_lock lock(mutex_);
    const auto [at, made] = leaves_.try_emplace({segment, position});
    if (!made) return;
    at->second = ages_.insert(ages_.end(), {{segment, position}, std::move(leaf), size});
    size_bytes_ += size;
    while (size_bytes_ > size_max_) {
        size_bytes_ -= ages_.front().size_bytes;
        leaves_.erase(ages_.front().place);
        ages_.pop_front();
    }
}

uint64_t LeafCache::size_bytes() const {
    const std::scoped_lock lock(mutex_);
    return size_bytes_;
}

}  // namespace varve::strata
