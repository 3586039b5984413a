// What all connections and exchanges of one Server share. Lives as long as the last of them.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "kernel/http/body_pool.hpp"
#include "kernel/http/hooks.hpp"
#include "kernel/http/options.hpp"
#include "kernel/http/router.hpp"

namespace varve::http {

struct Service {
    Service(Options o, RouteTable &r, Hooks h)
        : options(std::move(o)),
          routes(r),
          hooks(std::move(h)),
          pool(std::make_shared<BodyPool>(options.body_memory_max, options.body_cache_max)) {}

    // Counts a refusal. Whoever decides it calls this, once.
    void count(Refusal reason) const {
        if (hooks.metrics != nullptr) hooks.metrics->refused(reason);
    }

    const Options options;
    RouteTable &routes;
    const Hooks hooks;
    const std::shared_ptr<BodyPool> pool;
    std::atomic<Executor *> executor{nullptr};  // set by start(), null again once stopped
    std::atomic<int> slots_free{0};             // handlers that may still run in place
    std::atomic<int> stay_slots_free{0};        // ... and keep their thread
    std::atomic<bool> draining{false};          // stop() has begun: every answer closes
};

}  // namespace varve::http
