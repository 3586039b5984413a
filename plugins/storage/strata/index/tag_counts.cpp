#include "storage/strata/index/tag_counts.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace varve::strata {

TagCounts::Hash TagCounts::hash_of(std::string_view text, uint64_t seed) const {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
    return {hash.low64, hash.high64};
}

TagCounts::Hash TagCounts::hash_of_tag(std::string_view measurement, std::string_view tag) const {
    const Hash first = hash_of(measurement, seed_);
    const Hash second = hash_of(tag, first.low);
    return {second.low ^ first.high, second.high};
}

void TagCounts::count(const series_key::Parts &series, int change) {
    for (const series_key::Tag &tag : series.tags) {
        const Hash column = hash_of_tag(series.measurement, tag.key);
        const Hash value = hash_of(tag.value, column.low ^ column.high);
        if (change > 0) {
            if (++series_counts_[value] == 1) ++value_counts_[column];
            continue;
        }
        const auto known = series_counts_.find(value);
        if (known == series_counts_.end() || --known->second != 0) continue;
        series_counts_.erase(known);
        const auto values = value_counts_.find(column);
        if (values != value_counts_.end() && --values->second == 0) value_counts_.erase(values);
    }
}

uint64_t TagCounts::value_count(std::string_view measurement, std::string_view tag) const {
    const auto known = value_counts_.find(hash_of_tag(measurement, tag));
    return known == value_counts_.end() ? 0 : known->second;
}

bool TagCounts::has_value(std::string_view measurement, std::string_view tag,
                          std::string_view value) const {
    const Hash column = hash_of_tag(measurement, tag);
    return series_counts_.contains(hash_of(value, column.low ^ column.high));
}

uint64_t TagCounts::size_bytes() const {
    constexpr uint64_t kNodeSize = 48;  // what the map takes per entry, with its bucket
    return (series_counts_.size() + value_counts_.size()) * kNodeSize;
}

}  // namespace varve::strata
