#include "kernel/http/worker_pool.hpp"

#include <utility>

namespace varve::http {

WorkerPool::WorkerPool(unsigned threads, size_t queue_max) : queue_max_(queue_max) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_all();
    for (std::thread &thread : threads_) thread.join();
}

bool WorkerPool::try_run(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        // A task for which a thread already waits does not count as queued.
        if (stopping_ || queue_.size() >= queue_max_ + idle_) return false;
        queue_.push_back(std::move(task));
    }
    ready_.notify_one();
    return true;
}

void WorkerPool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        ready_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        --idle_;
        if (queue_.empty()) return;
        std::function<void()> task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        task();
        task = nullptr;
        lock.lock();
    }
}

}  // namespace varve::http
