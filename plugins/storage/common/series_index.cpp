#include "storage/common/series_index.hpp"

#include <mutex>

namespace varve::storage {

Series *SeriesIndex::find(std::string_view key, uint64_t hash) {
    if (slots_.empty()) return nullptr;
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask; slots_[at] != kNoSeries; at = (at + 1) & mask) {
        Series &series = *series_[slots_[at]];
        if (series.hash == hash && series.key == key) return &series;
    }
    return nullptr;
}

void SeriesIndex::grow() {
    std::vector<uint32_t> slots(slots_.empty() ? 1024 : slots_.size() * 2, kNoSeries);
    const size_t mask = slots.size() - 1;
    for (const auto &series : series_) {
        size_t at = series->hash & mask;
        while (slots[at] != kNoSeries) at = (at + 1) & mask;
        slots[at] = series->id;
    }
    slots_ = std::move(slots);
}

Result<Series *> SeriesIndex::intern(std::string_view key, uint64_t hash) {
    if (Series *found = find(key, hash)) return found;
    auto made = std::make_unique<Series>();
    made->id = static_cast<uint32_t>(series_.size());
    made->hash = hash;
    made->key = key;
    if (Status status = series_key::split(made->key, made->parts); !status.ok()) return status;
    if (series_.size() * 2 >= slots_.size()) grow();
    Series *series = made.get();
    {
        std::unique_lock lock(mutex_);
        const auto list = by_measurement_.find(series->measurement());
        auto &all = list != by_measurement_.end()
                        ? list->second
                        : by_measurement_[std::string(series->measurement())];
        series_.push_back(std::move(made));
        all.push_back(series);
    }
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    while (slots_[at] != kNoSeries) at = (at + 1) & mask;
    slots_[at] = series->id;
    size_bytes_.fetch_add(sizeof(Series) + key.size() + 32 * series->parts.tags.size(),
                          std::memory_order_relaxed);
    return series;
}

void SeriesIndex::acquire(Series &series) {
    if (series.shard_count++ != 0) return;
    ++live_count_;
    if (counts_tag_values_) add_tag_values(series, 1);
}

void SeriesIndex::release(Series &series) {
    if (--series.shard_count != 0) return;
    --live_count_;
    if (counts_tag_values_) add_tag_values(series, -1);
}

std::string SeriesIndex::tag_slot(std::string_view measurement, std::string_view tag) {
    std::string slot;
    series_key::append_escaped_measurement(measurement, slot);
    slot += ',';
    slot += tag;
    return slot;
}

void SeriesIndex::add_tag_values(const Series &series, int change) {
    for (const series_key::Tag &tag : series.parts.tags) {
        ValueCounts &counts = tag_values_[tag_slot(series.measurement(), tag.key)];
        const auto found = counts.find(tag.value);
        if (found == counts.end()) {
            counts.emplace(tag.value, 1);
        } else if ((found->second += static_cast<uint64_t>(change)) == 0) {
            counts.erase(found);
        }
    }
}

void SeriesIndex::count_tag_values() {
    if (counts_tag_values_) return;
    counts_tag_values_ = true;
    for (const auto &series : series_) {
        if (series->live()) add_tag_values(*series, 1);
    }
}

uint64_t SeriesIndex::tag_value_count(std::string_view measurement, std::string_view tag) const {
    const auto found = tag_values_.find(tag_slot(measurement, tag));
    return found == tag_values_.end() ? 0 : found->second.size();
}

bool SeriesIndex::has_tag_value(std::string_view measurement, const series_key::Tag &tag) const {
    const auto found = tag_values_.find(tag_slot(measurement, tag.key));
    return found != tag_values_.end() && found->second.find(tag.value) != found->second.end();
}

std::vector<const Series *> SeriesIndex::of_measurement(std::string_view measurement) const {
    std::shared_lock lock(mutex_);
    std::vector<const Series *> all;
    if (measurement.empty()) {
        all.reserve(series_.size());
        for (const auto &series : series_) all.push_back(series.get());
        return all;
    }
    const auto found = by_measurement_.find(measurement);
    return found == by_measurement_.end() ? all : found->second;
}

const Series *SeriesIndex::get(uint32_t id) const {
    std::shared_lock lock(mutex_);
    return series_[id].get();
}

}  // namespace varve::storage
