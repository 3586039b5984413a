#include "common/series_json/point_numbers.hpp"

#include <algorithm>

namespace varve::series_json {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kPointsPerSecond = 256;
constexpr int64_t kReservedAhead = 1 << 20;
// A number made by the first server of a cluster ends in 0001.
constexpr int64_t kStep = 10'000;
constexpr int64_t kServer = 1;

}  // namespace

int64_t slot_of(int64_t number) {
    const bool is_made_here = number >= kStep && number % kStep == kServer;
    return (is_made_here ? number / kStep : number) % kSlots;
}

PointNumbers::PointNumbers(int64_t now_ns, int64_t reserved, Reserve reserve)
    : start_(std::max(now_ns / kSecondNs * kPointsPerSecond, reserved)),
      reserve_(std::move(reserve)),
      counters_(std::make_unique<std::array<std::atomic<int64_t>, kCounters>>()) {}

Result<int64_t> PointNumbers::next(uint64_t series_hash) {
    return take(series_hash, 1);
}

Result<int64_t> PointNumbers::next_apart(uint64_t series_hash) {
    // It shares no factor with the number of slots, so that it comes to each of them.
    constexpr int64_t kStride = 387;
    static_assert(kStride % 2 != 0 && kStride % 5 != 0 && kSlots == 1000);
    return take(series_hash, kStride);
}

// The last of so many counters.
Result<int64_t> PointNumbers::take(uint64_t series_hash, int64_t count) {
    std::atomic<int64_t> &used = (*counters_)[series_hash % kCounters];
    const int64_t counter = start_ + used.fetch_add(count, std::memory_order_relaxed) + count - 1;
    VARVE_RETURN_IF_ERROR(ensure_reserved(counter));
    return counter * kStep + kServer;
}

Status PointNumbers::ensure_reserved(int64_t counter) {
    if (!reserve_ || counter < limit_.load(std::memory_order_acquire)) return {};
    const std::scoped_lock lock(mutex_);
    if (counter < limit_.load(std::memory_order_relaxed)) return {};
    VARVE_RETURN_IF_ERROR(reserve_(counter + kReservedAhead));
    limit_.store(counter + kReservedAhead, std::memory_order_release);
    return {};
}

}  // namespace varve::series_json
