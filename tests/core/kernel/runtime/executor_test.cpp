// The executor: its bound, its timers, and how it stops.
#include <gtest/gtest.h>

#include <sched.h>

#include <atomic>
#include <barrier>
#include <future>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "kernel/executor.hpp"

namespace varve {
namespace {

// Keeps a worker busy until it is told to go on.
class Gate {
  public:
    Executor::Job job() {
        return [this] {
            entered_.set_value();
            open_.get_future().wait();
        };
    }
    void wait_until_entered() { entered_.get_future().wait(); }
    void open() { open_.set_value(); }

  private:
    std::promise<void> entered_;
    std::promise<void> open_;
};

TEST(Executor, RunsEveryJobOnce) {
    std::atomic<int> runs{0};
    Executor executor("test", 3);
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(executor.post([&] { ++runs; }).ok());
    executor.stop();
    EXPECT_EQ(runs, 1000);
}

TEST(Executor, EveryIdleWorkerTakesAJob) {
    constexpr int kWorkers = 3;
    Executor executor("test", kWorkers);
    for (int round = 0; round < 50; ++round) {
        const auto all_there = std::make_shared<std::barrier<>>(kWorkers + 1);
        for (int i = 0; i < kWorkers; ++i) {
            ASSERT_TRUE(executor.post([all_there] { all_there->arrive_and_wait(); }).ok());
        }
        all_there->arrive_and_wait();  // each worker has one, or this waits for ever
    }
}

TEST(Executor, JobsBesideTheCallerMayRunOnEveryCore) {
    cpu_set_t cores;
    ASSERT_EQ(::sched_getaffinity(0, sizeof cores, &cores), 0);
    Executor executor("test", 1);
    for (int round = 0; round < 20; ++round) {
        std::promise<cpu_set_t> seen;
        ASSERT_TRUE(executor
                        .post_beside([&] {
                            cpu_set_t mine;
                            ::sched_getaffinity(0, sizeof mine, &mine);
                            seen.set_value(mine);
                        })
                        .ok());
        const cpu_set_t mine = seen.get_future().get();
        EXPECT_TRUE(CPU_EQUAL(&mine, &cores));
    }
}

TEST(Executor, ManyMayPostAtOnce) {
    std::atomic<int> runs{0};
    Executor executor("test", 2, 100'000);
    constexpr int kPosters = 3;
    std::vector<std::thread> posters;
    posters.reserve(kPosters);
    for (int poster = 0; poster < kPosters; ++poster) {
        posters.emplace_back([&, poster] {
            for (int i = 0; i < 2000; ++i) {
                const auto job = [&] { ++runs; };
                const Status posted = poster == 0 ? executor.post_beside(job) : executor.post(job);
                ASSERT_TRUE(posted.ok());
            }
        });
    }
    for (std::thread &poster : posters) poster.join();
    executor.stop();
    EXPECT_EQ(runs, 6000);
}

TEST(Executor, RefusesBeyondItsQueue) {
    Gate gate;
    std::atomic<int> runs{0};
    Executor executor("test", 1, 2);
    ASSERT_TRUE(executor.post(gate.job()).ok());
    gate.wait_until_entered();
    EXPECT_TRUE(executor.post([&] { ++runs; }).ok());
    EXPECT_TRUE(executor.post([&] { ++runs; }).ok());
    const Status refused = executor.post([&] { ++runs; });
    EXPECT_EQ(refused.code(), Code::unavailable);
    EXPECT_EQ(refused.text(), "the executor's queue is full (2 jobs)");
    EXPECT_EQ(executor.queued(), 2u);
    gate.open();
    executor.stop();
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(executor.post([] {}).text(), "the server is stopping");
    executor.stop();  // twice is fine
}

TEST(Executor, CountsWhatAJobThrows) {
    Executor executor("test", 1);
    ASSERT_TRUE(executor.post([] { throw std::bad_alloc(); }).ok());
    std::promise<void> after;
    ASSERT_TRUE(executor.post([&] { after.set_value(); }).ok());
    after.get_future().wait();
    EXPECT_EQ(executor.failed_jobs(), 1u);
}

TEST(Executor, TimerRunsAgainAndAgainNeverTwiceAtOnce) {
    Executor executor("test", 3);
    std::atomic<int> inside{0};
    std::atomic<int> runs{0};
    std::atomic<bool> twice{false};
    std::promise<void> enough;
    auto timer = executor.every(100'000, [&] {
        if (++inside > 1) twice = true;
        if (++runs == 5) enough.set_value();
        --inside;
    });
    enough.get_future().wait();
    timer.reset();
    const int at_end = runs;
    executor.stop();
    EXPECT_EQ(runs, at_end);  // nothing runs behind its back
    EXPECT_FALSE(twice);
}

TEST(Executor, DestroyingATimerWaitsForItsRun) {
    Executor executor("test", 1);
    std::promise<void> entered;
    std::atomic<bool> once{false};
    std::atomic<bool> done{false};
    auto timer = executor.every(1000, [&] {
        if (once.exchange(true)) return;
        entered.set_value();
        for (int i = 0; i < 1000; ++i) std::this_thread::yield();
        done = true;
    });
    entered.get_future().wait();
    timer.reset();
    EXPECT_TRUE(done);
}

TEST(Executor, TimerOutlivesAFullQueue) {
    Gate gate;
    Executor executor("test", 1, 1);
    ASSERT_TRUE(executor.post(gate.job()).ok());
    gate.wait_until_entered();
    ASSERT_TRUE(executor.post([] {}).ok());
    std::promise<void> ran;
    std::atomic<bool> once{false};
    auto timer = executor.every(1000, [&] {
        if (!once.exchange(true)) ran.set_value();
    });
    gate.open();
    ran.get_future().wait();
}

}  // namespace
}  // namespace varve
