// What one request may use, and whether anybody still waits for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <vector>

#include <varve/kind/function.h>

#include "base/status.hpp"
#include "kernel/memory_account.hpp"

namespace varve::query {

// Keys of [query]; 0 = no limit.
struct Limits {
    uint64_t max_select_buckets = 1'000'000;
    uint64_t max_select_series = 1'000'000;
    uint64_t max_select_point = 0;
    int64_t timeout_ns = 60'000'000'000;
    uint64_t memory = uint64_t{1} << 30;
    uint64_t max_row_limit = 0;  // rows of an answer that is not chunked
};

namespace exec {

// The limit that a failed statement ran into, as its key of [query] is called: "memory",
// "max_select_points", "max_select_series", "max_select_buckets", "timeout"; "all_memory" is that
// of all queries together; empty if it was none.
std::string_view limit_of(const Status &status);

// One per request; thread-safe. `monotonic_ns` and `is_cancelled` must be callable from any thread.
class Budget {
  public:
    // `account`, which may be null, is what all queries together may use.
    Budget(const Limits &limits, std::function<int64_t()> monotonic_ns,
           std::function<bool()> is_cancelled, MemoryAccount *account = nullptr);
    ~Budget();
    Budget(const Budget &) = delete;
    Budget &operator=(const Budget &) = delete;

    // cancelled "query interrupted", timeout "query-timeout limit exceeded". Called per block.
    Status check();
    // resource_exhausted with the names and numbers clients know.
    Status add_points(uint64_t count);
    Status add_series(uint64_t count);
    // What was counted so far. What is read in turns, or in vain, goes back to what it was.
    struct Counted {
        uint64_t points = 0;
        uint64_t series = 0;
    };
    Counted counted() const { return {points_, series_}; }
    void set_counted(const Counted &counted) {
        points_ = counted.points;
        series_ = counted.series;
    }
    Status add_buckets(uint64_t count);
    Status check_buckets(uint64_t count) const;
    Status charge(uint64_t size_bytes);
    void release(uint64_t size_bytes);

    // 1 once the request is to stop; what storage polls.
    const int32_t *cancelled() const { return &cancelled_; }
    // A new SELECT counts its points, series and buckets from nothing.
    void begin_select();

  private:
    const Limits limits_;
    const std::function<int64_t()> monotonic_ns_;
    const std::function<bool()> is_cancelled_;
    MemoryAccount *const account_;
    const int64_t deadline_ns_;
    int32_t cancelled_ = 0;                  // written with atomic builtins
    std::atomic<int64_t> asked_ns_;          // when is_cancelled was called last
    std::atomic<bool> nobody_waits_{false};  // its last answer
    std::atomic<uint64_t> points_{0};
    std::atomic<uint64_t> series_{0};
    std::atomic<uint64_t> buckets_{0};
    std::atomic<uint64_t> memory_{0};
};

// Memory of aggregate states: charged to a budget, freed as a whole. As the resource of a container
// it throws bad_alloc where allocate() gives null. Not thread-safe.
class Arena final : public std::pmr::memory_resource {
  public:
    explicit Arena(Budget &budget) : budget_(budget), table_{this, allocate_for_plugin} {}
    ~Arena() override;
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;

    // Null when the budget is exhausted; status() says so.
    void *allocate(uint64_t size, uint64_t alignment);
    const varve_arena *table() const { return &table_; }
    const Status &status() const { return status_; }

  private:
    void *do_allocate(size_t size, size_t alignment) override;
    void do_deallocate(void *, size_t, size_t) override {}
    bool do_is_equal(const memory_resource &other) const noexcept override {
        return this == &other;
    }
    static void *allocate_for_plugin(void *ctx, uint64_t size, uint64_t alignment) {
        return static_cast<Arena *>(ctx)->allocate(size, alignment);
    }

    Budget &budget_;
    varve_arena table_;
    std::vector<std::unique_ptr<char[]>> chunks_;
    char *at_ = nullptr;
    uint64_t left_ = 0;
    uint64_t charged_ = 0;
    uint64_t chunk_size_ = 4096;
    Status status_;
};

}  // namespace exec
}  // namespace varve::query
