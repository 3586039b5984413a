// Subscribers get what was committed in LSN order, whatever order it completes in, and never hold
// a writer up.
#include "write/publisher.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <iostream>
#include <random>

namespace varve {
namespace {

std::shared_ptr<Submission> submission() {
    return std::make_shared<Submission>(nullptr, nullptr, nullptr);
}

// Notes the LSNs it was given; may be held.
class Listener {
  public:
    Consumer consumer() {
        return [this](const Published &published) {
            std::unique_lock lock(mutex_);
            ++calls_;
            changed_.notify_all();
            changed_.wait(lock, [&] { return !held_; });
            if (!answers_.empty()) {
                const Status answer = answers_.front();
                answers_.erase(answers_.begin());
                if (!answer.ok()) return answer;
            }
            seen_.push_back(published.lsn);
            changed_.notify_all();
            return Status();
        };
    }
    void hold(bool held) {
        const std::scoped_lock lock(mutex_);
        held_ = held;
        changed_.notify_all();
    }
    // What the next calls answer; ok behind them.
    void answer(std::vector<Status> answers) {
        const std::scoped_lock lock(mutex_);
        answers_ = std::move(answers);
    }
    void wait_for_calls(size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return calls_ >= count; });
    }
    std::vector<uint64_t> wait_for(size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return seen_.size() >= count; });
        return seen_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<uint64_t> seen_;
    std::vector<Status> answers_;
    size_t calls_ = 0;
    bool held_ = false;
};

TEST(Publisher, WithoutSubscribersKeepsNothing) {
    SelfMetrics metrics;
    Publisher publisher(metrics);
    EXPECT_EQ(publisher.begin(), 0u);
    auto held = submission();
    publisher.completed(0, 1, held);
    publisher.failed(0);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Publisher, HoldsAnLsnBackUntilEarlierWritesAreBack) {
    SelfMetrics metrics;
    Listener listener;
    Publisher publisher(metrics);
    publisher.subscribe("one", 100, listener.consumer());
    const uint64_t slow = publisher.begin();
    const uint64_t failing = publisher.begin();
    const uint64_t fast = publisher.begin();
    publisher.completed(fast, 3, submission());
    publisher.failed(failing);
    const uint64_t later = publisher.begin();
    publisher.completed(slow, 1, submission());  // `later` is out: its LSN is not known yet
    publisher.completed(later, 4, submission());
    EXPECT_EQ(listener.wait_for(3), (std::vector<uint64_t>{1, 3, 4}));
    const uint64_t last = publisher.begin();
    publisher.completed(last, 5, submission());
    EXPECT_EQ(listener.wait_for(4).back(), 5u);
}

// Writers take a ticket, get an LSN, and complete in any order, some failing.
TEST(Publisher, OrderUnderConcurrency) {
    const uint64_t seed = std::random_device{}();
    std::cout << "seed " << seed << '\n';
    SelfMetrics metrics;
    Listener listener;
    Publisher publisher(metrics);
    publisher.subscribe("one", 100'000, listener.consumer());
    std::mutex lsn_mutex;
    uint64_t last_lsn = 0;
    std::atomic<size_t> completed{0};
    std::vector<std::thread> writers;
    for (uint64_t writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&, writer] {
            std::mt19937_64 random(seed + writer);
            for (int round = 0; round < 200; ++round) {
                std::vector<std::pair<uint64_t, uint64_t>> out;  // ticket, LSN; 0 = fails
                for (uint64_t k = random() % 5 + 1; k > 0; --k) {
                    const uint64_t ticket = publisher.begin();
                    const std::scoped_lock lock(lsn_mutex);
                    out.emplace_back(ticket, random() % 8 == 0 ? 0 : ++last_lsn);
                }
                std::shuffle(out.begin(), out.end(), random);
                for (const auto &[ticket, lsn] : out) {
                    if (lsn == 0) {
                        publisher.failed(ticket);
                    } else {
                        publisher.completed(ticket, lsn, submission());
                        ++completed;
                    }
                }
            }
        });
    }
    for (std::thread &writer : writers) writer.join();
    const std::vector<uint64_t> seen = listener.wait_for(completed);
    ASSERT_EQ(seen.size(), last_lsn);
    for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i + 1) << "seed " << seed;
}

TEST(Publisher, AFullQueueDropsForThisSubscriberOnly) {
    SelfMetrics metrics;
    Listener slow;
    Listener fast;
    Publisher publisher(metrics);
    publisher.subscribe("slow", 2, slow.consumer());
    publisher.subscribe("fast", 100, fast.consumer());
    slow.hold(true);
    for (uint64_t lsn = 1; lsn <= 10; ++lsn) {
        publisher.completed(publisher.begin(), lsn, submission());
    }
    EXPECT_EQ(fast.wait_for(10).size(), 10u);
    const auto dropped = [&](const char *name) {
        return metrics.counter("varve_output_dropped_total", "", {{"instance", name}}).value();
    };
    EXPECT_EQ(dropped("slow"), 8);  // what is being taken still has its place
    EXPECT_EQ(dropped("fast"), 0);
    slow.hold(false);
    EXPECT_EQ(slow.wait_for(2), (std::vector<uint64_t>{1, 2}));
    publisher.stop(1'000'000'000);
    EXPECT_EQ(metrics.counter("varve_output_delivered_total", "", {{"instance", "slow"}}).value(),
              2);
}

TEST(Publisher, TriesAgainOnlyWhatMayGoBetter) {
    SelfMetrics metrics;
    Listener listener;
    Publisher publisher(metrics);
    publisher.subscribe("one", 10, listener.consumer());
    listener.answer({Status(Code::unavailable, "later"), Status(), Status(Code::internal, "no")});
    for (uint64_t lsn = 1; lsn <= 3; ++lsn) {
        publisher.completed(publisher.begin(), lsn, submission());
    }
    EXPECT_EQ(listener.wait_for(2), (std::vector<uint64_t>{1, 3}));
    publisher.stop(1'000'000'000);
    EXPECT_EQ(metrics.counter("varve_output_dropped_total", "", {{"instance", "one"}}).value(), 1);
}

TEST(Publisher, StopDrainsQueues) {
    SelfMetrics metrics;
    Listener listener;
    Publisher publisher(metrics);
    publisher.subscribe("one", 1000, listener.consumer());
    for (uint64_t lsn = 1; lsn <= 500; ++lsn) {
        publisher.completed(publisher.begin(), lsn, submission());
    }
    publisher.stop(60'000'000'000);
    EXPECT_EQ(listener.wait_for(0).size(), 500u);
}

}  // namespace
}  // namespace varve
