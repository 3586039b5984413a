#include "common/graphite_text/series_cache.hpp"

namespace varve::graphite_text {
namespace {

// What an entry costs besides its texts: nodes of the maps and the entry itself.
constexpr size_t kPathOverhead = 128;
constexpr size_t kSeriesOverhead = 192;

}  // namespace

size_t SeriesCache::Hash::operator()(std::string_view text) const {
    return series_key::hash(text, 0);
}

size_t SeriesCache::SeriesHash::operator()(const SeriesName &name) const {
    return series_key::hash(name.key, series_key::hash(name.field, 0));
}

KnownPath *SeriesCache::find(std::string_view path) const {
    const auto found = paths_.find(path);
    return found == paths_.end() ? nullptr : found->second;
}

KnownPath *SeriesCache::add(std::string_view path, std::string_view measurement,
                            std::string_view field, std::string_view key,
                            const series_key::Hashes &hashes) {
    KnownPath &made = all_paths_.emplace_back();
    made.text = kept(path);
    made.series = series(measurement, field, key, hashes);
    paths_.emplace(made.text, &made);
    size_bytes_ += kPathOverhead;
    return &made;
}

Series *SeriesCache::series(std::string_view measurement, std::string_view field,
                            std::string_view key, const series_key::Hashes &hashes) {
    // Several paths may name one series, and a batch holds a key once per table.
    const auto found = by_name_.find({key, field});
    if (found != by_name_.end()) return found->second;
    Series &made = all_series_.emplace_back();
    made.measurement = kept(measurement);
    made.field = kept(field);
    made.key = kept(key);
    made.hashes = hashes;
    by_name_.emplace(SeriesName{made.key, made.field}, &made);
    size_bytes_ += kSeriesOverhead;
    return &made;
}

std::string_view SeriesCache::kept(std::string_view text) {
    size_bytes_ += text.size();
    return arena_.copy(text);
}

}  // namespace varve::graphite_text
