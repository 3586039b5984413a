// The parsed leaves of the block indexes of all segments that queries used last. Parsing one costs
// more than a small query's other reading.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "storage/strata/segment/group.hpp"

namespace varve::strata {

using Leaf = std::vector<GroupEntry>;

// [any]
class LeafCache {
  public:
    // Keeps at most about `size_max` bytes; the least recently used leaves go first.
    explicit LeafCache(uint64_t size_max) : size_max_(size_max) {}

    // A number for a segment, never given twice.
    uint64_t segment_number();
    // Null if it is not kept.
    std::shared_ptr<const Leaf> find(uint64_t segment, uint32_t position);
    void keep(uint64_t segment, uint32_t position, std::shared_ptr<const Leaf> leaf);
    uint64_t size_bytes() const;

  private:
    struct Place {
        uint64_t segment = 0;
        uint32_t position = 0;
        bool operator==(const Place &other) const = default;
    };
    struct PlaceHash {
        size_t operator()(const Place &place) const {
            return (place.segment << 20 ^ place.position) * 0x9e3779b97f4a7c15;
        }
    };
    struct Known {
        Place place;
        std::shared_ptr<const Leaf> leaf;
        uint64_t size_bytes = 0;
    };

    const uint64_t size_max_;
    mutable std::mutex mutex_;
    std::list<Known> ages_;  // the last used one last
    std::unordered_map<Place, std::list<Known>::iterator, PlaceHash> leaves_;
    uint64_t size_bytes_ = 0;
    uint64_t segments_ = 0;
};

}  // namespace varve::strata
