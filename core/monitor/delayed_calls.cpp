#include "monitor/delayed_calls.hpp"

#include <algorithm>
#include <chrono>

namespace varve::monitor {
namespace {

constexpr int64_t kSweepNs = 1'000'000'000;

int64_t steady_now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

bool DelayedCalls::add(int64_t delay_ns, std::function<void()> run,
                       std::function<bool()> is_wanted) {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || calls_.size() >= kWaitingMax) return false;
    const int64_t due_ns = steady_now_ns() + std::max<int64_t>(delay_ns, 0);
    calls_.push_back({due_ns, std::move(run), std::move(is_wanted)});
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    changed_.notify_all();
    return true;
}

void DelayedCalls::stop() {
    std::thread thread;
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        thread = std::move(thread_);
        changed_.notify_all();
    }
    if (thread.joinable()) thread.join();
}

std::list<DelayedCalls::Call> DelayedCalls::take_due(int64_t now_ns) {
    std::list<Call> due;
    for (auto call = calls_.begin(); call != calls_.end();) {
        const auto next = std::next(call);
        if (stopping_ || call->due_ns <= now_ns || !call->is_wanted()) {
            due.splice(due.end(), calls_, call);
        }
        call = next;
    }
    return due;
}

void DelayedCalls::work() {
    std::unique_lock lock(mutex_);
    while (!stopping_ || !calls_.empty()) {
        std::list<Call> due = take_due(steady_now_ns());
        if (!due.empty()) {
            lock.unlock();
            for (Call &call : due) call.run();
            due.clear();
            lock.lock();
            continue;
        }
        int64_t wait_ns = kSweepNs;
        const int64_t now_ns = steady_now_ns();
        for (const Call &call : calls_) wait_ns = std::min(wait_ns, call.due_ns - now_ns);
        if (calls_.empty()) {
            changed_.wait(lock);
        } else {
            changed_.wait_for(lock, std::chrono::nanoseconds(std::max<int64_t>(wait_ns, 0)));
        }
    }
}

}  // namespace varve::monitor
