// The server's life, in this order and never back: created → ready → running → draining → stopped.
#pragma once

#include <atomic>

#include "base/assert.hpp"

namespace varve {

enum class Stage { created, ready, running, draining, stopped };

inline const char *stage_name(Stage stage) {
    switch (stage) {
        case Stage::created:
            return "created";
        case Stage::ready:
            return "ready";
        case Stage::running:
            return "running";
        case Stage::draining:
            return "draining";
        default:
            return "stopped";
    }
}

// Read from any thread, advanced by main.
class Lifecycle {
  public:
    Stage stage() const { return stage_.load(std::memory_order_acquire); }
    bool is_running() const { return stage() == Stage::running; }
    void advance(Stage next) {
        VARVE_ASSERT(next > stage());
        stage_.store(next, std::memory_order_release);
    }

  private:
    std::atomic<Stage> stage_{Stage::created};
};

}  // namespace varve
