// The bounded executor: as many workers as cores, one queue with a limit, timers that run on the
// workers. Thread-safe.
#pragma once

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.hpp"

namespace varve {

class Executor {
  public:
    // A job must not throw; what it throws all the same (bad_alloc) is dropped and counted.
    using Job = std::function<void()>;

    // workers 0 = as many as cores. name shows in `top -H`.
    explicit Executor(const char *name, unsigned workers = 0, size_t queue_max = 10'000);
    // Stops if nobody did.
    ~Executor();

    // unavailable when the queue is full or the executor stops; then the job never runs.
    Status post(Job job);
    // The same for a job that is to run while the caller goes on working: the worker is woken on
    // another core than the caller's. Left to itself, Linux may queue a thread that has slept for
    // long behind the one that wakes it, for milliseconds, while the other cores idle.
    Status post_beside(Job job);

    // Runs the job every interval until the returned handle is destroyed, never twice at the same
    // time; destroying waits for a run under way.
    class Timer;
    std::unique_ptr<Timer> every(int64_t interval_ns, Job job);

    // Runs what is queued, takes nothing new, joins the workers. Timers must be gone.
    void stop();

    size_t queued() const;
    uint64_t failed_jobs() const { return failed_jobs_.load(std::memory_order_relaxed); }

  private:
    struct Worker {
        std::thread thread;
        std::condition_variable wake;
        bool is_woken = false;
        bool is_kept_off_a_core = false;
    };

    Status push(Job job, bool beside);
    void keep_off_this_core(Worker &worker) const;
    void work(Worker &worker);
    void run(const Job &job) noexcept;

    const size_t queue_max_;
    const cpu_set_t cores_;  // where the process may run; empty = not known
    mutable std::mutex mutex_;
    std::deque<Job> queue_;
    std::vector<Worker *> idle_;
    bool stopping_ = false;
    std::atomic<uint64_t> failed_jobs_{0};
    std::vector<std::unique_ptr<Worker>> workers_;
};

// Keeps its own thread asleep between runs; the job itself runs on the executor.
class Executor::Timer {
  public:
    Timer(Executor &executor, int64_t interval_ns, Job job);
    ~Timer();
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

  private:
    void tick();

    Executor &executor_;
    const int64_t interval_ns_;
    const Job job_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    bool running_ = false;
    std::thread thread_;
};

}  // namespace varve
