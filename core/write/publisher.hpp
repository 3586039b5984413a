// Hands committed batches to subscribers (outputs, later stream scripts) in LSN order.
//
// A write takes a ticket before it goes to storage. A write that completes with LSN L can only be
// followed by a lower LSN from a write whose ticket was out at that moment; so L waits until all
// those are back, and is then published in order of LSN. Each subscriber has a bounded queue; what
// does not fit is dropped and counted. Thread-safe; never blocks a writer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernel/self_metrics.hpp"
#include "write/submission.hpp"

namespace varve {

// A committed batch. Holders share the submission, and with it the batch.
struct Published {
    uint64_t lsn = 0;
    std::shared_ptr<Submission> submission;
};

// Takes one batch. unavailable and io_error: the same batch comes again after a pause. [task]
using Consumer = std::function<Status(const Published &published)>;

class Publisher {
  public:
    explicit Publisher(SelfMetrics &metrics) : metrics_(metrics) {}
    ~Publisher();

    // Before the first write. While `wanted` (absent: always) says no, nothing comes. [main]
    void subscribe(std::string name, size_t queue_max, Consumer consumer,
                   std::function<bool()> wanted = {});
    // Lets the queues run empty (each for at most drain_ns), then joins. [main]
    void stop(int64_t drain_ns);

    // A write goes to storage; 0 if no subscriber wants it.
    uint64_t begin();
    void completed(uint64_t ticket, uint64_t lsn, std::shared_ptr<Submission> submission);
    void failed(uint64_t ticket);

  private:
    struct Subscriber {
        std::string name;
        size_t queue_max;
        Consumer consumer;
        std::function<bool()> wanted;
        bool is_wanted() const { return !wanted || wanted(); }
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<Published> queue;
        bool stopping = false;
        SelfMetric *dropped = nullptr;
        SelfMetric *delivered = nullptr;
        std::thread thread;
    };
    struct Waiting {
        uint64_t barrier;  // tickets below it must be back
        std::shared_ptr<Submission> submission;
    };

    void release_ready();  // under mutex_
    static void deliver(Subscriber &subscriber);

    SelfMetrics &metrics_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::mutex mutex_;
    uint64_t next_ticket_ = 1;
    std::set<uint64_t> out_;               // tickets at storage
    std::map<uint64_t, Waiting> waiting_;  // by LSN
};

}  // namespace varve
