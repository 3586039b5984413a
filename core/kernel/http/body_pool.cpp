#include "kernel/http/body_pool.hpp"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/assert.hpp"

namespace varve::http {

BodyBuffer::BodyBuffer(BodyBuffer &&other) noexcept
    : pool_(std::move(other.pool_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

BodyBuffer &BodyBuffer::operator=(BodyBuffer &&other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
}

BodyBuffer::~BodyBuffer() {
    if (data_ != nullptr) pool_->release(data_, capacity_);
}

void BodyBuffer::commit(size_t count) {
    VARVE_ASSERT(count <= capacity_ - size_);
    size_ += count;
}

BodyPool::BodyPool(size_t in_flight_max, size_t cached_max)
    : in_flight_max_(in_flight_max), cached_max_(cached_max) {}

BodyPool::~BodyPool() {
    for (auto &list : free_) {
        for (char *data : list) std::free(data);
    }
}

bool BodyPool::reserve(BodyBuffer &buffer, size_t capacity) {
    if (capacity <= buffer.capacity_) return true;
    if (capacity > in_flight_max_) return false;
    if (capacity >= kPooledMin) capacity = std::bit_ceil(capacity);
    const size_t before = in_flight_.fetch_add(capacity, std::memory_order_relaxed);
    // The old buffer stays counted until the new one has its content: both exist for a moment. The
    // rounding up to a power of two may pass the bound once, a request above it may not.
    if (before >= in_flight_max_) {
        in_flight_.fetch_sub(capacity, std::memory_order_relaxed);
        return false;
    }
    BodyBuffer bigger;
    bigger.pool_ = shared_from_this();
    bigger.data_ = allocate(capacity);
    bigger.capacity_ = capacity;
    if (buffer.size_ != 0) std::memcpy(bigger.data_, buffer.data_, buffer.size_);
    bigger.size_ = buffer.size_;
    buffer = std::move(bigger);
    return true;
}

size_t BodyPool::cached() const {
    const std::lock_guard lock(mutex_);
    return cached_;
}

char *BodyPool::allocate(size_t &capacity) {
    if (capacity >= kPooledMin) {
        const size_t list = std::countr_zero(capacity) - std::countr_zero(kPooledMin);
        const std::lock_guard lock(mutex_);
        if (list < kClasses && !free_[list].empty()) {
            char *data = free_[list].back();
            free_[list].pop_back();
            cached_ -= capacity;
            return data;
        }
    }
    auto *data = static_cast<char *>(std::malloc(capacity));
    if (data == nullptr) {
        in_flight_.fetch_sub(capacity, std::memory_order_relaxed);
        throw std::bad_alloc();
    }
    return data;
}

void BodyPool::release(char *data, size_t capacity) {
    in_flight_.fetch_sub(capacity, std::memory_order_relaxed);
    if (capacity >= kPooledMin) {
        const size_t list = std::countr_zero(capacity) - std::countr_zero(kPooledMin);
        const std::lock_guard lock(mutex_);
        if (list < kClasses && cached_ + capacity <= cached_max_) {
            free_[list].push_back(data);
            cached_ += capacity;
            return;
        }
    }
    std::free(data);
}

}  // namespace varve::http
