// A few threads behind a bounded queue: the Executor of a server that was given none.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "kernel/http/hooks.hpp"

namespace varve::http {

class WorkerPool final : public Executor {
  public:
    WorkerPool(unsigned threads, size_t queue_max);
    ~WorkerPool() override;  // runs what is queued, then joins
    bool try_run(std::function<void()> task) override;

  private:
    void work();

    const size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> queue_;  // guarded by mutex_
    unsigned idle_ = 0;                        // guarded by mutex_: threads that wait
    bool stopping_ = false;                    // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace varve::http
