// Where a query's parallel parts run.
#pragma once

#include <functional>
#include <span>

namespace varve::query {

class TaskRunner {
  public:
    virtual ~TaskRunner() = default;
    // Runs all jobs, possibly at the same time, and returns when the last is done. Jobs do not
    // throw.
    virtual void run_all(std::span<const std::function<void()>> jobs) = 0;
    // How many jobs are worth making; at least 1.
    virtual unsigned parallelism() const = 0;
};

// One after the other, on the caller's thread.
class InlineTaskRunner final : public TaskRunner {
  public:
    void run_all(std::span<const std::function<void()>> jobs) override {
        for (const auto &job : jobs) job();
    }
    unsigned parallelism() const override { return 1; }
};

}  // namespace varve::query
