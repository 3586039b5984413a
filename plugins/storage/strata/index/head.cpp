#include "storage/strata/index/head.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace varve::strata {

const std::vector<uint32_t> &HeadPart::sorted(uint32_t column) const {
    const std::lock_guard lock(mutex_);
    const auto [at, made] = sorted_.try_emplace(column);
    if (made) {
        const auto &texts = table.columns()[column].texts;
        at->second.resize(texts.size());
        std::iota(at->second.begin(), at->second.end(), 0);
        std::sort(at->second.begin(), at->second.end(),
                  [&](uint32_t a, uint32_t b) { return texts[a] < texts[b]; });
    }
    return at->second;
}

Head::Head() : slots_(1024), chunks_(std::make_unique<std::unique_ptr<Entry[]>[]>(kChunksMax)) {}

uint32_t Head::find(std::string_view key, uint64_t hash) const {
    const auto short_hash = static_cast<uint32_t>(hash);
    const size_t mask = slots_.size() - 1;
    for (size_t at = short_hash & mask;; at = (at + 1) & mask) {
        const Slot &slot = slots_[at];
        if (slot.place == UINT32_MAX) return kNoSeries;
        if (slot.hash != short_hash) continue;
        const Entry &found = entry(slot.place);
        if (found.view() == key) return found.id;
    }
}

void Head::grow() {
    std::vector<Slot> bigger(slots_.size() * 2);
    const size_t mask = bigger.size() - 1;
    for (const Slot &slot : slots_) {
        if (slot.place == UINT32_MAX) continue;
        size_t at = slot.hash & mask;
        while (bigger[at].place != UINT32_MAX) at = (at + 1) & mask;
        bigger[at] = slot;
    }
    slots_ = std::move(bigger);
}

Status Head::add(std::string_view key, uint64_t hash, uint32_t id) {
    const uint32_t place = size_.load(std::memory_order_relaxed);
    if (place == kChunkSize * kChunksMax) {
        return {Code::resource_exhausted, "more than " + std::to_string(place) +
                                              " new series wait for a flush of the series index"};
    }
    if (place * uint64_t{3} >= slots_.size() * 2) grow();
    std::unique_ptr<Entry[]> &chunk = chunks_[place / kChunkSize];
    if (chunk == nullptr) chunk = std::make_unique<Entry[]>(kChunkSize);
    char *copy = static_cast<char *>(arena_.allocate(key.size(), 1));
    std::memcpy(copy, key.data(), key.size());
    chunk[place % kChunkSize] = {copy, static_cast<uint32_t>(key.size()), id, hash};
    if (place == 0) first_id_ = id;
    if (dense_.load(std::memory_order_relaxed) && id != first_id_ + place) {
        const std::lock_guard lock(places_mutex_);
        for (uint32_t i = 0; i < place; ++i) places_.emplace(entry(i).id, i);
        dense_.store(false, std::memory_order_release);
    }
    if (!dense_.load(std::memory_order_relaxed)) {
        const std::lock_guard lock(places_mutex_);
        places_.emplace(id, place);
    }
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    while (slots_[at].place != UINT32_MAX) at = (at + 1) & mask;
    slots_[at] = {static_cast<uint32_t>(hash), place};
    key_bytes_.fetch_add(key.size(), std::memory_order_relaxed);
    memory_bytes_.store(arena_.size_bytes() + slots_.size() * sizeof(Slot) +
                            (place / kChunkSize + 1) * kChunkSize * sizeof(Entry) +
                            kChunksMax * sizeof(void *),
                        std::memory_order_relaxed);
    size_.store(place + 1, std::memory_order_release);
    return {};
}

const Head::Entry *Head::find_id(uint32_t id) const {
    const uint32_t count = size();
    if (count == 0) return nullptr;
    if (dense_.load(std::memory_order_acquire)) {
        return id >= first_id_ && id - first_id_ < count ? &entry(id - first_id_) : nullptr;
    }
    const std::lock_guard lock(places_mutex_);
    const auto found = places_.find(id);
    return found == places_.end() ? nullptr : &entry(found->second);
}

uint64_t Head::memory_bytes() const {
    uint64_t sum = memory_bytes_.load(std::memory_order_relaxed);
    const std::lock_guard lock(parts_mutex_);
    for (const Part &part : parts_) sum += part.content->table.size_bytes();
    return sum;
}

std::vector<std::shared_ptr<const HeadPart>> Head::parts() const {
    const uint32_t count = size();
    const std::lock_guard lock(parts_mutex_);
    uint32_t begin = parts_.empty() ? 0 : parts_.back().end;
    if (begin < count) {
        while (!parts_.empty() && parts_.back().end - parts_.back().begin <= 2 * (count - begin)) {
            begin = parts_.back().begin;
            parts_.pop_back();
        }
        auto content = std::make_shared<HeadPart>();
        for (uint32_t i = begin; i < count; ++i) {
            // Only canonical keys enter the head, so none is refused here.
            (void)content->table.add(entry(i).id, entry(i).view(), entry(i).hash);
        }
        content->postings = all_postings(content->table);
        parts_.push_back({begin, count, std::move(content)});
    }
    std::vector<std::shared_ptr<const HeadPart>> found;
    found.reserve(parts_.size());
    for (const Part &part : parts_) found.push_back(part.content);
    return found;
}

}  // namespace varve::strata
