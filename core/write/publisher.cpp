#include "write/publisher.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace varve {

Publisher::~Publisher() {
    stop(0);
}

void Publisher::subscribe(std::string name, size_t queue_max, Consumer consumer,
                          std::function<bool()> wanted) {
    auto subscriber = std::make_unique<Subscriber>();
    subscriber->name = std::move(name);
    subscriber->queue_max = queue_max;
    subscriber->consumer = std::move(consumer);
    subscriber->wanted = std::move(wanted);
    subscriber->dropped =
        &metrics_.counter("varve_output_dropped_total", "Batches an output could not be given.",
                          {{"instance", subscriber->name}});
    subscriber->delivered =
        &metrics_.counter("varve_output_delivered_total", "Batches an output took.",
                          {{"instance", subscriber->name}});
    Subscriber &made = *subscriber;
    made.thread = std::thread([&made] { deliver(made); });
    ::pthread_setname_np(made.thread.native_handle(), "output");
    subscribers_.push_back(std::move(subscriber));
}

void Publisher::stop(int64_t drain_ns) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(drain_ns);
    for (const auto &subscriber : subscribers_) {
        {
            std::unique_lock lock(subscriber->mutex);
            subscriber->changed.wait_until(lock, until, [&] { return subscriber->queue.empty(); });
            subscriber->stopping = true;
            subscriber->changed.notify_all();
        }
        subscriber->thread.join();
    }
    subscribers_.clear();
}

uint64_t Publisher::begin() {
    const bool is_wanted = std::any_of(subscribers_.begin(), subscribers_.end(),
                                       [](const auto &s) { return s->is_wanted(); });
    if (!is_wanted) return 0;
    const std::scoped_lock lock(mutex_);
    out_.insert(next_ticket_);
    return next_ticket_++;
}

void Publisher::completed(uint64_t ticket, uint64_t lsn, std::shared_ptr<Submission> submission) {
    if (ticket == 0) return;
    const std::scoped_lock lock(mutex_);
    out_.erase(ticket);
    waiting_.emplace(lsn, Waiting{next_ticket_, std::move(submission)});
    release_ready();
}

void Publisher::failed(uint64_t ticket) {
    if (ticket == 0) return;
    const std::scoped_lock lock(mutex_);
    out_.erase(ticket);
    release_ready();
}

void Publisher::release_ready() {
    while (!waiting_.empty()) {
        const auto first = waiting_.begin();
        if (!out_.empty() && *out_.begin() < first->second.barrier) return;
        for (const auto &subscriber : subscribers_) {
            if (!subscriber->is_wanted()) continue;
            const std::scoped_lock lock(subscriber->mutex);
            if (subscriber->queue.size() >= subscriber->queue_max) {
                subscriber->dropped->add();
                continue;
            }
            subscriber->queue.push_back({first->first, first->second.submission});
            subscriber->changed.notify_all();
        }
        waiting_.erase(first);
    }
}

void Publisher::deliver(Subscriber &subscriber) {
    constexpr auto kPauseMin = std::chrono::milliseconds(100);
    constexpr auto kPauseMax = std::chrono::milliseconds(30'000);
    auto pause = kPauseMin;
    std::unique_lock lock(subscriber.mutex);
    for (;;) {
        subscriber.changed.wait(lock,
                                [&] { return subscriber.stopping || !subscriber.queue.empty(); });
        if (subscriber.stopping) return;
        const Published next = subscriber.queue.front();
        lock.unlock();
        const Status taken = subscriber.consumer(next);
        lock.lock();
        if (taken.code() == Code::unavailable || taken.code() == Code::io_error) {
            subscriber.changed.wait_for(lock, pause, [&] { return subscriber.stopping; });
            pause = std::min(pause * 2, kPauseMax);
            continue;
        }
        pause = kPauseMin;
        (taken.ok() ? subscriber.delivered : subscriber.dropped)->add();
        subscriber.queue.pop_front();
        subscriber.changed.notify_all();
    }
}

}  // namespace varve
