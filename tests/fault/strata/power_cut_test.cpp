// Power cuts. A workload runs on a simulated disk, and at random operations of that disk an image
// is taken of what a cut at that moment would leave. An engine started on the image must hold the
// state after one of the workload's steps: not before the last one that was acknowledged as
// durable, not after the last one that was sent, and nothing in between. So nothing acknowledged
// is lost, nothing appears that was never sent, the last write wins, deletes stay done, and writes
// are there as a whole or not at all. Starting must work, also after a second cut during the
// first start; scrubbing finds nothing; the schema knows just the series that have rows.
//
//   VARVE_SEED=…          repeats a run
//   VARVE_CRASH_POINTS=…  how many images, 2000 if not given
#include <atomic>

#include "fault_world.hpp"

namespace varve::test {
namespace {

constexpr int kSteps = 60;
constexpr int kImagesPerRun = 40;

struct Image {
    std::unique_ptr<SimEnv> env;
    uint64_t operation = 0;
    int durable = 0;  // so many steps are certain
    int sent = 0;     // so many steps may be there
};

class PowerCuts {
  public:
    explicit PowerCuts(uint64_t seed) : random_(seed), env_(seed) {}

    // Returns how many images were checked.
    int run() {
        work();
        for (Image &image : images_) {
            if (!testing::Test::HasFailure()) check(image);
        }
        return static_cast<int>(images_.size());
    }

  private:
    void work() {
        Engine engine(kStrata, env_, "/disk");
        make_small(engine);
        states_.emplace_back();
        // About so many operations such a run has.
        std::set<uint64_t> chosen;
        for (int i = 0; i < kImagesPerRun; ++i) chosen.insert(1 + random_() % 1500);
        const uint64_t seed = random_();
        env_.watch([&, chosen, seed](uint64_t operation) {
            if (chosen.count(operation) == 0) return;
            // In this order: what was durable before is on the disk by now.
            const int durable = durable_;
            images_.push_back({env_.crash_image(seed + operation), operation, durable, sent_});
        });
        ASSERT_TRUE(engine.start().ok());
        for (int number = 1; number <= kSteps; ++number) {
            const Step step = random_step(random_, number);
            steps_.push_back(step);
            states_.push_back(states_.back());
            step.apply(states_.back());
            sent_ = number;
            Status status = step.run(engine.client());
            while (status.code() == Code::unavailable) {  // flushes lag behind
                (void)engine.client().compact();
                status = step.run(engine.client());
            }
            ASSERT_TRUE(status.ok()) << status.text();
            // What is synced takes with it what was logged before.
            const bool synced =
                step.kind == Step::Kind::drop_shard ||
                (step.kind != Step::Kind::compact && step.durability == VARVE_DURABILITY_ALWAYS);
            if (synced) durable_ = number;
        }
        engine.stop();
        env_.watch(nullptr);
    }

    void check(Image &image) {
        std::string trace = "cut at operation " + std::to_string(image.operation) + ", steps " +
                            std::to_string(image.durable) + " to " + std::to_string(image.sent);
        for (int i = std::max(0, image.durable - 12); i < image.sent; ++i) {
            trace += "\n" + std::to_string(i + 1) + " " + steps_[static_cast<size_t>(i)].text();
        }
        SCOPED_TRACE(trace);
        const bool looks_damaged = image.sent - image.durable > 1;  // see is_patchy
        std::string files;
        for (const std::string &path : image.env->files()) files += path + "\n";
        const int cuts = random_() % 2 == 0 ? 0 : 1 + static_cast<int>(random_() % 2);
        SCOPED_TRACE(std::to_string(cuts) + " cuts during the first starts");
        for (int cut = 0; cut < cuts; ++cut) {
            Engine engine(kStrata, *image.env, "/disk");
            make_small(engine);
            image.env->fail_at(1 + random_() % 25, Fault::power);
            (void)engine.start();
            engine.stop();
            image.env->reboot();
        }
        Engine engine(kStrata, *image.env, "/disk");
        make_small(engine);
        if (random_() % 2 == 0) make_quiet(engine);
        const Status status = engine.start();
        ASSERT_TRUE(status.ok()) << status.text();
        check_rows(engine, image);
        EXPECT_LE(engine.host().metric("varve_storage_quarantined_total"), looks_damaged ? 1 : 0)
            << engine.client().status_json();
        if (random_() % 4 == 0 && !testing::Test::HasFailure()) check_later(engine, image);
        if (!testing::Test::HasFailure()) return;
        std::printf("files after the cut:\n%s", files.c_str());
        for (const std::string &line : engine.host().log_lines()) std::puts(line.c_str());
    }

    void check_rows(Engine &engine, Image &image) {
        auto dump = engine.client().read();
        ASSERT_TRUE(dump.ok()) << dump.status().text();
        std::string differences;
        bool found = false;
        for (int state = image.sent; state >= image.durable && !found; --state) {
            const std::string one = difference(*dump, states_[static_cast<size_t>(state)]);
            found = one.empty();
            differences += "as after step " + std::to_string(state) + ", but " + one + "\n";
            if (found) image.durable = image.sent = state;  // from then on only that is right
        }
        if (!found) found = is_patchy(*dump, image);
        ASSERT_TRUE(found) << differences;
        std::vector<std::string> series;
        for (const auto &[key, rows] : *dump) series.push_back(key);
        EXPECT_EQ(
            *engine.client().list(StorageClient::List::series, StorageClient::schema_request()),
            series);
        EXPECT_EQ(*engine.client().cardinality(StorageClient::schema_request()), series.size());
    }

    // Of several steps that were not synced the disk may have kept later ones and lost earlier
    // ones. Such a log looks damaged and is reported so.
    bool is_patchy(const Dump &dump, Image &image) {
        const int unsure = image.sent - image.durable;
        if (unsure < 2 || unsure > 10) return false;
        for (int kept = 0; kept < 1 << unsure; ++kept) {
            Dump state = states_[static_cast<size_t>(image.durable)];
            for (int i = 0; i < unsure; ++i) {
                if ((kept >> i & 1) != 0)
                    steps_[static_cast<size_t>(image.durable + i)].apply(state);
            }
            if (state != dump) continue;
            states_.push_back(std::move(state));
            image.durable = image.sent = static_cast<int>(states_.size()) - 1;
            return true;
        }
        return false;
    }

    // The engine works on, and finds the same after another start.
    void check_later(Engine &engine, Image &image) {
        Status status = engine.client().compact();
        EXPECT_TRUE(status.ok()) << status.text();
        check_rows(engine, image);
        status = engine.client().scrub();
        EXPECT_TRUE(status.ok()) << status.text();
        const Point more{"more", 1, {{"i", "i:1"}}};
        EXPECT_TRUE(engine.client().write({more}).status.ok());
        make_quiet(engine);
        status = engine.restart();
        ASSERT_TRUE(status.ok()) << status.text();
        // Files come and go before that.
        EXPECT_TRUE(engine.client().compact().ok());
        std::string report;
        EXPECT_TRUE(engine.client().verify("/disk", &report).ok()) << report;
        states_.push_back(states_[static_cast<size_t>(image.durable)]);
        states_.back()["more"][1]["i i"] = "1";
        image.durable = image.sent = static_cast<int>(states_.size()) - 1;
        check_rows(engine, image);
    }

    std::mt19937_64 random_;
    SimEnv env_;
    std::vector<Dump> states_;  // after each step
    std::vector<Step> steps_;
    std::vector<Image> images_;
    std::atomic<int> durable_{0};
    std::atomic<int> sent_{0};
};

TEST(StrataPowerCut, LeavesTheStateAfterAStep) {
    const uint64_t seed = chosen_seed();
    const auto wanted = static_cast<int>(number_from("VARVE_CRASH_POINTS", 2000));
    int checked = 0;
    for (uint64_t run = seed; checked < wanted && !HasFailure(); ++run) {
        SCOPED_TRACE("VARVE_SEED=" + std::to_string(run) + " VARVE_CRASH_POINTS=1");
        checked += PowerCuts(run).run();
    }
    std::printf("%d crash points\n", checked);
}

}  // namespace
}  // namespace varve::test
