#include "kernel/executor.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace varve {

namespace {

cpu_set_t cores_of_process() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof(cores), &cores) != 0) CPU_ZERO(&cores);
    return cores;
}

}  // namespace

Executor::Executor(const char *name, unsigned workers, size_t queue_max)
    : queue_max_(queue_max), cores_(cores_of_process()) {
    if (workers == 0) workers = std::max(2u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < workers; ++i) {
        workers_.push_back(std::make_unique<Worker>());
        Worker &worker = *workers_.back();
        worker.thread = std::thread([this, &worker] { work(worker); });
        ::pthread_setname_np(worker.thread.native_handle(), name);
    }
}

Executor::~Executor() {
    stop();
}

Status Executor::post(Job job) {
    return push(std::move(job), false);
}

Status Executor::post_beside(Job job) {
    return push(std::move(job), true);
}

Status Executor::push(Job job, bool beside) {
    Worker *worker = nullptr;
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_) return {Code::unavailable, "the server is stopping"};
        if (queue_.size() >= queue_max_) {
            return {Code::unavailable,
                    "the executor's queue is full (" + std::to_string(queue_max_) + " jobs)"};
        }
        queue_.push_back(std::move(job));
        if (idle_.empty()) return {};
        worker = idle_.back();
        idle_.pop_back();
        if (beside) keep_off_this_core(*worker);
        worker->is_woken = true;
    }
    worker->wake.notify_one();
    return {};
}

void Executor::keep_off_this_core(Worker &worker) const {
    const int here = ::sched_getcpu();
    if (here < 0 || CPU_COUNT(&cores_) < 2) return;
    cpu_set_t others = cores_;
    CPU_CLR(static_cast<unsigned>(here), &others);
    worker.is_kept_off_a_core =
        ::pthread_setaffinity_np(worker.thread.native_handle(), sizeof(others), &others) == 0;
}

void Executor::run(const Job &job) noexcept {
    try {
        job();
    } catch (...) {  // a job reports its own errors; what is left is bad_alloc
        failed_jobs_.fetch_add(1, std::memory_order_relaxed);
    }
}

void Executor::work(Worker &worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
        while (queue_.empty()) {
            if (stopping_) return;
            worker.is_woken = false;
            idle_.push_back(&worker);
            worker.wake.wait(lock, [&] { return worker.is_woken; });
        }
        Job job = std::move(queue_.front());
        queue_.pop_front();
        const bool was_kept_off = std::exchange(worker.is_kept_off_a_core, false);
        lock.unlock();
        if (was_kept_off) ::pthread_setaffinity_np(::pthread_self(), sizeof(cores_), &cores_);
        run(job);
        job = nullptr;
        lock.lock();
    }
}

void Executor::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        for (Worker *worker : idle_) {
            worker->is_woken = true;
            worker->wake.notify_one();
        }
        idle_.clear();
    }
    for (const auto &worker : workers_) {
        if (worker->thread.joinable()) worker->thread.join();
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
