// Memory of request bodies: contiguous buffers, their sum bounded, big ones reused. One pool for
// the whole server, since a cache per thread would hold the largest body once per thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace varve::http {

class BodyPool;

// A buffer out of the pool; goes back when destroyed. The pool outlives it. An empty one owns
// nothing and needs no pool.
class BodyBuffer {
  public:
    BodyBuffer() = default;
    BodyBuffer(BodyBuffer &&other) noexcept;
    BodyBuffer &operator=(BodyBuffer &&other) noexcept;
    ~BodyBuffer();

    std::span<char> bytes() { return {data_, size_}; }
    size_t size() const { return size_; }
    size_t capacity() const { return capacity_; }
    // The unused rest behind size().
    std::span<char> space() { return {data_ + size_, capacity_ - size_}; }
    // Says that `count` more bytes of space() are filled.
    void commit(size_t count);

  private:
    friend class BodyPool;

    std::shared_ptr<BodyPool> pool_;
    char *data_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

// Thread-safe.
class BodyPool : public std::enable_shared_from_this<BodyPool> {
  public:
    // in_flight_max: bytes of all buffers in use; cached_max: bytes kept for reuse.
    BodyPool(size_t in_flight_max, size_t cached_max);
    ~BodyPool();
    BodyPool(const BodyPool &) = delete;
    BodyPool &operator=(const BodyPool &) = delete;

    // Makes `buffer` hold at least `capacity` bytes, keeping its content; false if the bound on
    // bytes in flight forbids it, and then nothing has changed.
    bool reserve(BodyBuffer &buffer, size_t capacity);

    size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
    size_t cached() const;

  private:
    friend class BodyBuffer;

    static constexpr size_t kPooledMin = 64 * 1024;  // smaller ones are malloc's business
    static constexpr size_t kClasses = 24;           // powers of two from kPooledMin up

    char *allocate(size_t &capacity);
    void release(char *data, size_t capacity);

    const size_t in_flight_max_;
    const size_t cached_max_;
    std::atomic<size_t> in_flight_{0};
    mutable std::mutex mutex_;
    size_t cached_ = 0;                               // guarded by mutex_
    std::array<std::vector<char *>, kClasses> free_;  // guarded by mutex_
};

}  // namespace varve::http
