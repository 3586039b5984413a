// The numbers of points that come without one. A point of InfluxDB 0.8 is told from others of its
// series by its microsecond and its number; both lie in the nanoseconds it is stored at:
//
//   t_ns = t_us * 1000 + slot    slot = (number / 10000) mod 1000 for numbers made here
//                                     = number mod 1000 for a client's own
//
// Numbers made here are counter * 10000 + 1. The counter of a series goes up by one with each
// point, so up to 1000 points of a series share a microsecond. No number may come a second time, or
// the point would be written over: all counters start above what was reserved before, and above 256
// times the Unix time in seconds in case that is lost.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include <varve/cpp/status.hpp>

namespace varve::series_json {

inline constexpr int64_t kSlots = 1000;

// Where a point with this number lies in its microsecond; the number is not negative.
int64_t slot_of(int64_t number);

// [any thread] 512 KiB. Series that share a counter only share its 1000 slots a microsecond.
class PointNumbers {
  public:
    // Makes it durable that counters below the limit may be in use.
    using Reserve = std::function<Status(int64_t limit)>;

    // `reserved`: the last limit, 0 for want of any. Without `reserve` none is kept.
    explicit PointNumbers(int64_t now_ns, int64_t reserved = 0, Reserve reserve = {});

    // The next number of the series with this hash. Errors are those of `reserve`, which is asked
    // once in a million points of a series.
    Result<int64_t> next(uint64_t series_hash);
    // One some way on, for a point whose place was taken: by one of before the server's start, or
    // by one with a client's number.
    Result<int64_t> next_apart(uint64_t series_hash);

  private:
    static constexpr size_t kCounters = 1 << 16;
    Result<int64_t> take(uint64_t series_hash, int64_t count);
    Status ensure_reserved(int64_t counter);

    const int64_t start_;
    const Reserve reserve_;
    std::mutex mutex_;               // while a limit is being raised
    std::atomic<int64_t> limit_{0};  // counters below it may be given out
    const std::unique_ptr<std::array<std::atomic<int64_t>, kCounters>> counters_;
};

}  // namespace varve::series_json
