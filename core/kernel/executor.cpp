#include "kernel/executor.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace varve {

Executor::Executor(const char *name, unsigned workers, size_t queue_max) : queue_max_(queue_max) {
    if (workers == 0) workers = std::max(2u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < workers; ++i) {
        workers_.emplace_back([this] { work(); });
        ::pthread_setname_np(workers_.back().native_handle(), name);
    }
}

Executor::~Executor() {
    stop();
}

Status Executor::post(Job job) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_) return {Code::unavailable, "the server is stopping"};
        if (queue_.size() >= queue_max_) {
            return {Code::unavailable,
                    "the executor's queue is full (" + std::to_string(queue_max_) + " jobs)"};
        }
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return {};
}

void Executor::run(const Job &job) noexcept {
    try {
        job();
    } catch (...) {  // a job reports its own errors; what is left is bad_alloc
        failed_jobs_.fetch_add(1, std::memory_order_relaxed);
    }
}

void Executor::work() {
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            job = std::move(queue_.front());
            queue_.pop_front();
        }
        run(job);
    }
}

void Executor::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread &worker : workers_) {
        if (worker.joinable()) worker.join();
    }
}

size_t Executor::queued() const {
    const std::scoped_lock lock(mutex_);
    return queue_.size();
}

std::unique_ptr<Executor::Timer> Executor::every(int64_t interval_ns, Job job) {
    return std::make_unique<Timer>(*this, interval_ns, std::move(job));
}

Executor::Timer::Timer(Executor &executor, int64_t interval_ns, Job job)
    : executor_(executor), interval_ns_(interval_ns), job_(std::move(job)) {
    thread_ = std::thread([this] { tick(); });
    ::pthread_setname_np(thread_.native_handle(), "timer");
}

Executor::Timer::~Timer() {
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !running_; });
    }
    thread_.join();
}

void Executor::Timer::tick() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (changed_.wait_for(lock, std::chrono::nanoseconds(interval_ns_),
                              [&] { return stopping_; })) {
            return;
        }
        running_ = true;
        lock.unlock();
        const Status posted = executor_.post([this] {
            executor_.run(job_);
            const std::scoped_lock done(mutex_);
            running_ = false;
            changed_.notify_all();
        });
        lock.lock();
        if (!posted.ok()) running_ = false;
        changed_.wait(lock, [&] { return !running_; });
    }
}

}  // namespace varve
