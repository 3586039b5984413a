// Who writes and asks how often, counted while somebody looks: /debug/requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "kernel/http/hooks.hpp"

namespace varve::monitor {

// Thread-safe.
class RequestProfiles {
  public:
    // Users and addresses that one window tells apart; further ones are left out.
    static constexpr size_t kSendersMax = 10'000;

    // The requests that end while it is open.
    class Window {
      public:
        // {"root:127.0.0.1": {"writes":1,"queries":5}}, one sender a line.
        std::string to_json() const;

      private:
        friend class RequestProfiles;
        struct Counts {
            uint64_t writes = 0;
            uint64_t queries = 0;
        };
        std::map<std::string, Counts> senders_;  // "user:address", or the address alone
    };

    // Of every finished request; costs one atomic load while no window is open.
    void note(const http::AccessRecord &record);

    std::shared_ptr<Window> open();
    // Nothing is counted in it any more; then it may be read.
    void close(const std::shared_ptr<Window> &window);

  private:
    std::atomic<bool> is_open_{false};
    std::mutex mutex_;
    std::list<std::shared_ptr<Window>> windows_;  // guarded by mutex_, as what is in them
};

}  // namespace varve::monitor
