// Sends copies of what is written to the destinations of the catalog's subscriptions.
//
// Each destination has a thread and a bounded queue: what does not fit is dropped and counted, what
// fails is counted and not tried again. ALL gives every batch to each destination; ANY gives it to
// one, the next in turn, and if that fails to the one behind it, until one took it. Rows that the
// storage engine turned away are sent with their batch.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/log.hpp"
#include "kernel/self_metrics.hpp"
#include "model/catalog.hpp"
#include "write/publisher.hpp"
#include "write/subscriptions/sender.hpp"

namespace varve {

// What waits for one destination may have this many bytes of line protocol, however few batches.
inline constexpr size_t kSubscriptionQueueBytes = size_t{32} << 20;

class Subscriptions {
  public:
    using MakeSender = std::function<Result<std::unique_ptr<Sender>>(const std::string &url)>;

    // Everything lives longer. queue_max: batches that wait for one destination.
    Subscriptions(const Catalog &catalog, MakeSender make_sender, size_t queue_max, Log &log,
                  SelfMetrics &metrics);
    ~Subscriptions();

    // [any] Whether there are any; asked for every write.
    bool is_wanted() const { return catalog_.subscriptions_revision() != 0; }
    // [task] A committed batch.
    void consume(const Published &published);
    // [main] Lets what is being sent end and drops the rest.
    void stop();

  private:
    class Destination;
    struct Target;  // a subscription at work

    void refresh();
    std::shared_ptr<Target> make_target(const Subscription &subscription);

    const Catalog &catalog_;
    const MakeSender make_sender_;
    const size_t queue_max_;
    Log &log_;
    SelfMetrics &metrics_;
    uint64_t revision_ = 0;                                // of what targets_ shows
    std::map<uint64_t, std::shared_ptr<Target>> targets_;  // by id
    std::vector<std::shared_ptr<Target>> retired_;         // dropped, but not yet at their end
};

}  // namespace varve
