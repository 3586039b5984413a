// The bounded executor: as many workers as cores, one queue with a limit, timers that run on the
// workers. Thread-safe.
#pragma once

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

    // Runs the job every interval until the returned handle is destroyed, never twice at the same
    // time; destroying waits for a run under way.
    class Timer;
    std::unique_ptr<Timer> every(int64_t interval_ns, Job job);

    // Runs what is queued, takes nothing new, joins the workers. Timers must be gone.
    void stop();

    size_t queued() const;
    uint64_t failed_jobs() const { return failed_jobs_.load(std::memory_order_relaxed); }

  private:
    void work();
    void run(const Job &job) noexcept;

    const size_t queue_max_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;
    bool stopping_ = false;
    std::atomic<uint64_t> failed_jobs_{0};
    std::vector<std::thread> workers_;
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
