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
    std::string database;  // names of when it was written
    std::string retention_policy;
    size_t tries = 1;  // ANY: destinations that had it, this one too
};

}  // namespace

// One URL with its queue and its thread.
class Subscriptions::Destination {
  public:
    Destination(Target &target, const Subscription &subscription, const std::string &url,
                std::unique_ptr<Sender> sender, size_t queue_max, SelfMetrics &metrics);

    // Counts under the names that the subscription has by now.
    void count_for(const Subscription &subscription);
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
    const std::string url_;
    const std::unique_ptr<Sender> sender_;
    const size_t queue_max_;
    SelfMetrics &metrics_;
    std::atomic<SelfMetric *> written_;
    std::atomic<SelfMetric *> failures_;
    std::atomic<SelfMetric *> dropped_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Copy> queue_;
    size_t queue_bytes_ = 0;
    bool stopping_ = false;
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

struct Subscriptions::Target {
    Target(const Catalog &of, const Subscription &subscription, uint64_t policy)
        : catalog(of), id(subscription.id), rp_id(policy), to_all(subscription.to_all) {}
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
            all.ok() && std::any_of(all->begin(), all->end(),
                                    [&](const Subscription &other) { return other.id == id; });
        if (found) seen_revision = revision;
        return found;
    }
    // Its database, or its policy, may have another name.
    void name_anew(const Subscription &subscription) {
        for (const auto &destination : destinations) destination->count_for(subscription);
    }
    void give(const Copy &copy) {
        if (destinations.empty()) return;
        if (!to_all) {
            destinations[next++ % destinations.size()]->push(copy);
            return;
        }
        for (const auto &destination : destinations) destination->push(copy);
    }

    // To the destination behind the one that failed, unless all had it.
    void pass_on(const Destination &from, const Copy &copy) {
        if (copy.tries >= destinations.size()) return;
        size_t at = 0;
        while (destinations[at].get() != &from) ++at;
        Copy passed = copy;
        ++passed.tries;
        destinations[(at + 1) % destinations.size()]->push(std::move(passed));
    }

    const Catalog &catalog;
    const uint64_t id;
    const uint64_t rp_id;  // what is written to it is sent, whatever its names
    const bool to_all;
    std::atomic<bool> stopping{false};
    std::atomic<uint64_t> seen_revision{0};
    size_t next = 0;
    std::vector<std::unique_ptr<Destination>> destinations;
};

Subscriptions::Destination::Destination(Target &target, const Subscription &subscription,
                                        const std::string &url, std::unique_ptr<Sender> sender,
                                        size_t queue_max, SelfMetrics &metrics)
    : target_(target),
      url_(url),
      sender_(std::move(sender)),
      queue_max_(queue_max),
      metrics_(metrics) {
    count_for(subscription);
    thread_ = std::thread([this] { work(); });
    ::pthread_setname_np(thread_.native_handle(), "subscriber");
}

void Subscriptions::Destination::count_for(const Subscription &subscription) {
    const auto tags = destination_tags(subscription, url_);
    const MetricLabels labels(tags.begin(), tags.end());
    written_ = &metrics_.counter("varve_subscriber_points_written_total",
                                 "Points that a subscription's destination took.", labels);
    failures_ = &metrics_.counter("varve_subscriber_write_failures_total",
                                  "Writes that a subscription's destination refused.", labels);
    dropped_ = &metrics_.counter("varve_subscriber_dropped_total",
                                 "Batches for which a destination's queue had no room.", labels);
}

bool Subscriptions::Destination::push(Copy copy) {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return false;
    const size_t size = copy.lines->text.size();
    if (queue_.size() >= queue_max_ ||
        (!queue_.empty() && queue_bytes_ + size > kSubscriptionQueueBytes)) {
        dropped_.load()->add();
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
    if (sender_->send(*copy.lines, copy.database, copy.retention_policy).ok()) {
        written_.load()->add(static_cast<double>(copy.lines->ends.size()));
        return;
    }
    failures_.load()->add();
    if (!target_.to_all) target_.pass_on(*this, copy);
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
            known->second->name_anew(subscription);
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
    const auto database = catalog_.database(subscription.database);
    const RetentionPolicy *policy =
        database.ok() ? database->policy(subscription.retention_policy) : nullptr;
    auto target =
        std::make_shared<Target>(catalog_, subscription, policy == nullptr ? 0 : policy->id);
    target->seen_revision = revision_;
    for (const std::string &url : subscription.destinations) {
        auto sender = make_sender_(url);
        if (sender.ok()) {
            target->destinations.push_back(std::make_unique<Destination>(
                *target, subscription, url, std::move(*sender), queue_max_, metrics_));
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
    Copy copy{nullptr, submission.database, submission.retention_policy};
    for (const auto &[id, target] : targets_) {
        if (target->rp_id != submission.rp_id) continue;
        if (copy.lines == nullptr) {
            copy.lines = std::make_shared<const LineText>(to_line_text(*submission.batch));
        }
        target->give(copy);
    }
}

}  // namespace varve
