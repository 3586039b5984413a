// Calls that come later: the ends of observation windows that requests wait for. One thread, made
// with the first call.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace varve::monitor {

// [any thread]
class DelayedCalls {
  public:
    // Calls that may wait at a time.
    static constexpr size_t kWaitingMax = 32;

    DelayedCalls() = default;
    ~DelayedCalls() { stop(); }
    DelayedCalls(const DelayedCalls &) = delete;
    DelayedCalls &operator=(const DelayedCalls &) = delete;

    // Runs `run` once on the thread: after the delay, or as soon as `is_wanted` (asked every
    // second) says no, or when the calls are stopped. False if kWaitingMax wait already or stop()
    // was called: then it never runs.
    bool add(int64_t delay_ns, std::function<void()> run, std::function<bool()> is_wanted);
    // Runs all that wait, now, and takes no more.
    void stop();

  private:
    struct Call {
        int64_t due_ns;  // monotonic
        std::function<void()> run;
        std::function<bool()> is_wanted;
    };
    void work();
    std::list<Call> take_due(int64_t now_ns);  // under mutex_

    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Call> calls_;  // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;     // guarded by mutex_
};

}  // namespace varve::monitor
