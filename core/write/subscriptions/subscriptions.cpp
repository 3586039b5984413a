#include "write/subscriptions/subscriptions.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <thread>

namespace varve {

namespace {

struct Copy {
    std::shared_ptr<const LineText> lines;
    size_t tries = 1;  // ANY: destinations that had it, this one too
};

}  // namespace

// One URL with its queue and its thread.
class Subscriptions::Destination {
  public:
    Destination(Target &target, const std::string &url, std::unique_ptr<Sender> sender,
                size_t queue_max, SelfMetrics &metrics);

    // False: there is no room.
    bool push(Copy copy);
    void stop() {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        queue_.clear();
        changed_.notify_all();
    }
    // After stop().
    void join() { thread_.join(); }
    bool has_ended() const { return ended_; }

  private:
    void work();
    void send(const Copy &copy);

    Target &target_;
    const std::unique_ptr<Sender> sender_;
    const size_t queue_max_;
    SelfMetric *written_;
    SelfMetric *failures_;
    SelfMetric *dropped_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Copy> queue_;
    size_t queue_bytes_ = 0;
    bool stopping_ = false;
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

struct Subscriptions::Target {
    explicit Target(const Catalog &of, Subscription what)
        : catalog(of), subscription(std::move(what)) {}
    ~Target() {
        stop();  // destinations hand copies to one another: all end before one goes
        for (const auto &destination : destinations) destination->join();
    }

    void stop() {
        stopping = true;
        for (const auto &destination : destinations) destination->stop();
    }
    // What was dropped sends nothing more, even if nobody has noticed it yet.
    bool is_current() {
        if (stopping) return false;
        const uint64_t revision = catalog.subscriptions_revision();
        if (revision == seen_revision) return true;
        const auto all = catalog.subscriptions();
        const bool found =
            all.ok() && std::any_of(all->begin(), all->end(), [&](const Subscription &other) {
                return other.id == subscription.id;
            });
        if (found) seen_revision = revision;
        return found;
    }
    void give(const std::shared_ptr<const LineText> &lines) {
        if (destinations.empty()) return;
        if (!subscription.to_all) {
            destinations[next++ % destinations.size()]->push({lines});
            return;
        }
        for (const auto &destination : destinations) destination->push({lines});
    }

    // To the destination behind the one that failed, unless all had it.
    void pass_on(const Destination &from, const Copy &copy) {
        if (copy.tries >= destinations.size()) return;
        size_t at = 0;
        while (destinations[at].get() != &from) ++at;
        destinations[(at + 1) % destinations.size()]->push({copy.lines, copy.tries + 1});
    }

    const Catalog &catalog;
    const Subscription subscription;
    std::atomic<bool> stopping{false};
    std::atomic<uint64_t> seen_revision{0};
    size_t next = 0;
    std::vector<std::unique_ptr<Destination>> destinations;
};

Subscriptions::Destination::Destination(Target &target, const std::string &url,
                                        std::unique_ptr<Sender> sender, size_t queue_max,
                                        SelfMetrics &metrics)
    : target_(target), sender_(std::move(sender)), queue_max_(queue_max) {
    const Subscription &of = target.subscription;
    const MetricLabels labels{{"database", of.database},
                              {"retention_policy", of.retention_policy},
                              {"name", of.name},
                              {"mode", of.to_all ? "ALL" : "ANY"},
                              {"destination", without_credentials(url)}};
    written_ = &metrics.counter("varve_subscriber_points_written_total",
                                "Points that a subscription's destination took.", labels);
    failures_ = &metrics.counter("varve_subscriber_write_failures_total",
                                 "Writes that a subscription's destination refused.", labels);
    dropped_ = &metrics.counter("varve_subscriber_dropped_total",
                                "Batches for which a destination's queue had no room.", labels);
    thread_ = std::thread([this] { work(); });
    ::pthread_setname_np(thread_.native_handle(), "subscriber");
}

bool Subscriptions::Destination::push(Copy copy) {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return false;
    const size_t size = copy.lines->text.size();
    if (queue_.size() >= queue_max_ ||
        (!queue_.empty() && queue_bytes_ + size > kSubscriptionQueueBytes)) {
        dropped_->add();
        return false;
    }
    queue_bytes_ += size;
    queue_.push_back(std::move(copy));
    changed_.notify_all();
    return true;
}

void Subscriptions::Destination::work() {
    for (;;) {
        Copy copy;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
            if (stopping_) break;
            copy = std::move(queue_.front());
            queue_.pop_front();
            queue_bytes_ -= copy.lines->text.size();
        }
        if (target_.is_current()) send(copy);
    }
    ended_ = true;
}

void Subscriptions::Destination::send(const Copy &copy) {
    const Subscription &of = target_.subscription;
    if (sender_->send(*copy.lines, of.database, of.retention_policy).ok()) {
        written_->add(static_cast<double>(copy.lines->ends.size()));
        return;
    }
    failures_->add();
    if (!of.to_all) target_.pass_on(*this, copy);
}

Subscriptions::Subscriptions(const Catalog &catalog, MakeSender make_sender, size_t queue_max,
                             Log &log, SelfMetrics &metrics)
    : catalog_(catalog),
      make_sender_(std::move(make_sender)),
      queue_max_(queue_max),
      log_(log),
      metrics_(metrics) {}

Subscriptions::~Subscriptions() {
    stop();
}

void Subscriptions::stop() {
    for (const auto &[id, target] : targets_) target->stop();
    for (const auto &target : retired_) target->stop();
    targets_.clear();
    retired_.clear();
}

void Subscriptions::refresh() {
    std::erase_if(retired_, [](const std::shared_ptr<Target> &target) {
        return std::all_of(target->destinations.begin(), target->destinations.end(),
                           [](const auto &destination) { return destination->has_ended(); });
    });
    const uint64_t revision = catalog_.subscriptions_revision();
    if (revision == revision_) return;
    const auto all = catalog_.subscriptions();
    if (!all.ok()) return;
    revision_ = revision;
    auto before = std::exchange(targets_, {});
    for (const Subscription &subscription : *all) {
        const auto known = before.find(subscription.id);
        if (known != before.end()) {
            targets_.emplace(known->first, std::move(known->second));
            before.erase(known);
            continue;
        }
        targets_.emplace(subscription.id, make_target(subscription));
    }
    for (auto &[id, target] : before) {
        target->stop();
        retired_.push_back(std::move(target));
    }
}

std::shared_ptr<Subscriptions::Target> Subscriptions::make_target(
    const Subscription &subscription) {
    auto target = std::make_shared<Target>(catalog_, subscription);
    target->seen_revision = revision_;
    for (const std::string &url : subscription.destinations) {
        auto sender = make_sender_(url);
        if (sender.ok()) {
            target->destinations.push_back(std::make_unique<Destination>(
                *target, url, std::move(*sender), queue_max_, metrics_));
            continue;
        }
        metrics_
            .counter("varve_subscriber_create_failures_total",
                     "Destinations of subscriptions that could not be prepared.")
            .add();
        log_.error("a subscription's destination cannot be used",
                   {{"destination", without_credentials(url)}, {"error", sender.status().text()}});
    }
    return target;
}

void Subscriptions::consume(const Published &published) {
    refresh();
    const Submission &submission = *published.submission;
    std::shared_ptr<const LineText> lines;
    for (const auto &[id, target] : targets_) {
        if (target->subscription.database != submission.database ||
            target->subscription.retention_policy != submission.retention_policy) {
            continue;
        }
        if (lines == nullptr) {
            lines = std::make_shared<const LineText>(to_line_text(*submission.batch));
        }
        target->give(lines);
    }
}

}  // namespace varve
