// Threads that share one epoll set. Every thread waits in the kernel, which wakes exactly one of
// them per event, so a request costs no hand-off between threads and no lock; and a handler that
// takes its time holds up nobody else's connection.
//
// A descriptor is armed for one event; the thread that gets it owns the client until it arms the
// descriptor again, parks the client or ends it.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "base/status.hpp"

namespace varve::http {

class Poller {
  public:
    class Client {
      public:
        virtual ~Client() = default;
        // [io] The event has come, or an error, which the next call on the descriptor shows.
        virtual void on_ready() = 0;

      private:
        friend class Poller;
        // Carries what the last owner wrote over to the next one: the kernel's own order between
        // epoll_ctl and epoll_wait is none that the language knows.
        std::atomic<bool> handed_over_{false};
    };
    enum class Event { read, write };

    Poller() = default;
    ~Poller();
    Poller(const Poller &) = delete;
    Poller &operator=(const Poller &) = delete;

    Status open();
    // Throws what std::thread throws.
    void start(unsigned threads);
    // Ends the threads; clients that are still armed hear nothing any more.
    void stop_threads();

    // [any] From here on another thread may run the client: touch it no more. False if the system
    // has no memory for one more; the client is still the caller's then.
    bool add(int descriptor, Client &client, Event event) const;
    // [any] Likewise for a descriptor that was added.
    void arm(int descriptor, Client &client, Event event) const;

  private:
    void run() const;

    int epoll_ = -1;
    int stop_event_ = -1;
    std::vector<std::thread> threads_;
};

}  // namespace varve::http
