// The statements that run: what SHOW QUERIES lists and KILL QUERY stops.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.hpp"

namespace varve::query {

// Thread-safe.
class RunningQueries {
  public:
    struct Query {
        uint64_t id = 0;
        std::string text;
        std::string database;
        int64_t started_ns = 0;  // monotonic
        std::atomic<bool> killed{false};
    };

    // A statement's place in the list, from its beginning to its end.
    class Entry {
      public:
        Entry(RunningQueries &owner, std::string text, std::string database, int64_t started_ns);
        ~Entry();
        Entry(const Entry &) = delete;
        Entry &operator=(const Entry &) = delete;

        bool is_killed() const { return query_->killed.load(std::memory_order_relaxed); }

      private:
        RunningQueries &owner_;
        const std::shared_ptr<Query> query_;
    };

    // By id.
    std::vector<std::shared_ptr<const Query>> list() const;
    // Asks it to stop; it does at its next block. not_found "no such query id: N".
    Status kill(uint64_t id);

  private:
    mutable std::mutex mutex_;
    std::map<uint64_t, std::shared_ptr<Query>> queries_;
    uint64_t last_id_ = 0;
};

}  // namespace varve::query
