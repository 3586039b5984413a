// Paths seen before and what they mean: senders repeat the same paths, so templates are applied
// once. Its owner bounds it: one that has grown too large is given up for a new one.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>

#include "common/batch/batch_builder.hpp"
#include "common/graphite_text/template.hpp"
#include "common/series_key.hpp"

namespace varve::graphite_text {

// Where a path's values go. Texts lie in the cache's arena.
struct Series {
    std::string_view measurement;
    std::string_view field;
    std::string_view key;  // canonical
    series_key::Hashes hashes;

    // Its place in the batch under construction; another generation: none yet.
    uint64_t generation = 0;
    TableBuilder *table = nullptr;
    uint32_t key_index = 0;
};

struct KnownPath {
    std::string_view text;
    Series *series = nullptr;
    KnownPath *next = nullptr;  // that came behind this one the last time
};

// One filling of the cache. Batches whose texts lie here share it.
class SeriesCache {
  public:
    KnownPath *find(std::string_view path) const;
    // A path that is not known yet, for the series with this key and field, which it finds or
    // makes.
    KnownPath *add(std::string_view path, std::string_view measurement, std::string_view field,
                   std::string_view key, const series_key::Hashes &hashes);
    size_t size_bytes() const { return size_bytes_; }

  private:
    struct Hash {
        size_t operator()(std::string_view text) const;
    };
    struct SeriesName {
        std::string_view key;
        std::string_view field;
        bool operator==(const SeriesName &) const = default;
    };
    struct SeriesHash {
        size_t operator()(const SeriesName &name) const;
    };

    Series *series(std::string_view measurement, std::string_view field, std::string_view key,
                   const series_key::Hashes &hashes);
    std::string_view kept(std::string_view text);

    Arena arena_;
    std::deque<Series> all_series_;
    std::deque<KnownPath> all_paths_;
    std::unordered_map<std::string_view, KnownPath *, Hash> paths_;
    std::unordered_map<SeriesName, Series *, SeriesHash> by_name_;
    size_t size_bytes_ = 0;  // a close estimate
};

}  // namespace varve::graphite_text
