// What queries read last of the segments' block indexes, decoded: leaves, and the directories and
// statistics of groups. Decoding these costs a query that statistics answer more than all the rest.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace varve::strata {

// [any]
class IndexCache {
  public:
    enum class Part : uint32_t { leaf, directory, stats };
    struct Place {
        uint64_t segment = 0;  // of segment_number()
        Part part = Part::leaf;
        uint32_t type = 0;    // of statistics: their columns'
        uint64_t offset = 0;  // in the segment; of a leaf its position
        bool operator==(const Place &other) const = default;
    };

    // Keeps at most about `size_max` bytes. The oldest goes first, unless it was found since its
    // last turn ("second chance"): readers need not wait for each other to note what they use.
    explicit IndexCache(uint64_t size_max) : size_max_(size_max) {}

    // A number for a segment, never given twice.
    uint64_t segment_number();
    // Null if it is not kept. T is what was kept there.
    template <typename T>
    std::shared_ptr<const T> find(const Place &place) {
        return std::static_pointer_cast<const T>(find_any(place));
    }
    void keep(const Place &place, const std::shared_ptr<const void> &what, uint64_t size_bytes);
    uint64_t size_bytes() const;

  private:
    struct PlaceHash {
        size_t operator()(const Place &place) const {
            const uint64_t kind = place.type * 4 + static_cast<uint32_t>(place.part);
            return ((place.segment << 36) ^ (kind << 32) ^ place.offset) * 0x9e3779b97f4a7c15;
        }
    };
    struct Known {
        Known(std::shared_ptr<const void> kept, uint64_t size)
            : what(std::move(kept)), size_bytes(size) {}

        std::shared_ptr<const void> what;
        uint64_t size_bytes;
        std::atomic<bool> was_found{false};
    };

    std::shared_ptr<const void> find_any(const Place &place);

    const uint64_t size_max_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<Place, Known, PlaceHash> known_;
    std::deque<Place> turns_;  // of all that is known
    uint64_t size_bytes_ = 0;
    uint64_t segments_ = 0;
};

}  // namespace varve::strata
