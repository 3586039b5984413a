#include "query/exec/budget.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace varve::query::exec {

namespace {

constexpr uint64_t kChunkMax = 1 << 20;
// Who waits is asked in turns: the answer is behind a lock, and all threads check at every block.
constexpr int64_t kAskAfterNs = 1'000'000;

// How each limit's error begins; InfluxDB's words where it has the limit.
constexpr std::string_view kPoints = "max-select-point limit exceeed";
constexpr std::string_view kSeries = "max-select-series limit exceeded";
constexpr std::string_view kBuckets = "max-select-buckets limit exceeded";
constexpr std::string_view kTimeout = "query-timeout limit exceeded";
constexpr std::string_view kMemory = "query.memory limit exceeded";
constexpr std::string_view kAllMemory = "memory of all queries";

Status exceeded(std::string_view what, uint64_t count, uint64_t limit) {
    return {Code::resource_exhausted,
            std::string(what) + ": (" + std::to_string(count) + "/" + std::to_string(limit) + ")"};
}

}  // namespace

std::string_view limit_of(const Status &status) {
    static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {kPoints, "max_select_points"},
        {kSeries, "max_select_series"},
        {kBuckets, "max_select_buckets"},
        {kTimeout, "timeout"},
        {kMemory, "memory"},
        {kAllMemory, "all_memory"}};
    for (const auto &[text, name] : kNames) {
        if (status.text().starts_with(text)) return name;
    }
    return {};
}

Budget::Budget(const Limits &limits, std::function<int64_t()> monotonic_ns,
               std::function<bool()> is_cancelled, MemoryAccount *account)
    : limits_(limits),
      monotonic_ns_(std::move(monotonic_ns)),
      is_cancelled_(std::move(is_cancelled)),
      account_(account),
      deadline_ns_(limits.timeout_ns == 0 ? std::numeric_limits<int64_t>::max()
                                          : monotonic_ns_() + limits.timeout_ns),
      asked_ns_(monotonic_ns_() - kAskAfterNs) {}

Budget::~Budget() {
    if (account_ != nullptr) account_->release(memory_);
}

Status Budget::check() {
    const int64_t now_ns = monotonic_ns_();
    if (is_cancelled_ && now_ns - asked_ns_.load(std::memory_order_relaxed) >= kAskAfterNs) {
        asked_ns_.store(now_ns, std::memory_order_relaxed);
        if (is_cancelled_()) nobody_waits_.store(true, std::memory_order_relaxed);
    }
    if (nobody_waits_.load(std::memory_order_relaxed)) {
        __atomic_store_n(&cancelled_, 1, __ATOMIC_RELAXED);
        return {Code::cancelled, "query interrupted"};
    }
    if (now_ns > deadline_ns_) {
        __atomic_store_n(&cancelled_, 1, __ATOMIC_RELAXED);
        return {Code::timeout, std::string(kTimeout)};
    }
    return {};
}

Status Budget::add_points(uint64_t count) {
    const uint64_t total = points_.fetch_add(count) + count;
    if (limits_.max_select_point == 0 || total <= limits_.max_select_point) return {};
    return exceeded(kPoints, total, limits_.max_select_point);
}

Status Budget::add_series(uint64_t count) {
    const uint64_t total = series_.fetch_add(count) + count;
    if (limits_.max_select_series == 0 || total <= limits_.max_select_series) return {};
    // Of several threads that come too late at a time, none tells of the others.
    return exceeded(kSeries, std::min(total, limits_.max_select_series + count),
                    limits_.max_select_series);
}

Status Budget::check_buckets(uint64_t count) const {
    if (limits_.max_select_buckets == 0 || count <= limits_.max_select_buckets) return {};
    return exceeded(kBuckets, count, limits_.max_select_buckets);
}

Status Budget::add_buckets(uint64_t count) {
    return check_buckets(buckets_.fetch_add(count) + count);
}

Status Budget::charge(uint64_t size_bytes) {
    const uint64_t total = memory_.fetch_add(size_bytes) + size_bytes;
    if (limits_.memory != 0 && total > limits_.memory) {
        memory_.fetch_sub(size_bytes);
        return {Code::resource_exhausted, std::string(kMemory) + ": " + std::to_string(size_bytes) +
                                              " bytes more asked for, " +
                                              std::to_string(total - size_bytes) + " of " +
                                              std::to_string(limits_.memory) + " in use"};
    }
    if (account_ == nullptr) return {};
    const Status status = account_->charge(size_bytes);
    if (status.ok()) return {};
    memory_.fetch_sub(size_bytes);
    return {status.code(), std::string(kAllMemory) + ": " + std::string(status.text())};
}

void Budget::release(uint64_t size_bytes) {
    memory_.fetch_sub(size_bytes);
    if (account_ != nullptr) account_->release(size_bytes);
}

void Budget::begin_select() {
    points_ = 0;
    series_ = 0;
    buckets_ = 0;
}

Arena::~Arena() {
    budget_.release(charged_);
}

void *Arena::allocate(uint64_t size, uint64_t alignment) {
    const auto misfit = reinterpret_cast<uintptr_t>(at_) & (alignment - 1);
    const uint64_t padding = misfit == 0 ? 0 : alignment - misfit;
    if (at_ == nullptr || left_ < size + padding) {
        // Chunks double, so that small queries stay small and large ones allocate seldom.
        const uint64_t chunk = std::max(size + alignment, chunk_size_);
        if (Status charged = budget_.charge(chunk); !charged.ok()) {
            status_ = std::move(charged);
            return nullptr;
        }
        charged_ += chunk;
        chunk_size_ = std::min(chunk_size_ * 2, kChunkMax);
        chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
        at_ = chunks_.back().get();
        left_ = chunk;
        return allocate(size, alignment);
    }
    char *out = at_ + padding;
    at_ = out + size;
    left_ -= size + padding;
    return out;
}

void *Arena::do_allocate(size_t size, size_t alignment) {
    void *const out = allocate(size, alignment);
    if (out == nullptr) throw std::bad_alloc();
    return out;
}

}  // namespace varve::query::exec
