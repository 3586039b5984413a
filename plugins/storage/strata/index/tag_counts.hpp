// How many live series have each value of each tag of each measurement: for limits on the number of
// values. A value is known by 128 bits of hash, so that it costs about 48 bytes however long it is.
//
// One thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "common/series_key.hpp"

namespace varve::strata {

class TagCounts {
  public:
    explicit TagCounts(uint64_t hash_seed) : seed_(hash_seed) {}

    // Adds (+1) or takes away (-1) what a series has.
    void count(const series_key::Parts &series, int change);
    uint64_t value_count(std::string_view measurement, std::string_view tag) const;
    bool has_value(std::string_view measurement, std::string_view tag,
                   std::string_view value) const;
    uint64_t size_bytes() const;

  private:
    struct Hash {
        uint64_t low = 0;
        uint64_t high = 0;
        bool operator==(const Hash &) const = default;
    };
    struct Low {
        size_t operator()(const Hash &hash) const { return hash.low; }
    };

    Hash hash_of(std::string_view text, uint64_t seed) const;
    Hash hash_of_tag(std::string_view measurement, std::string_view tag) const;

    const uint64_t seed_;
    std::unordered_map<Hash, uint32_t, Low> value_counts_;   // per tag: distinct values
    std::unordered_map<Hash, uint32_t, Low> series_counts_;  // per tag and value: series
};

}  // namespace varve::strata
