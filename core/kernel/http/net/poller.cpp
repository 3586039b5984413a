#include "kernel/http/net/poller.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace varve::http {
namespace {

epoll_event event_of(Poller::Client &client, Poller::Event event) {
    epoll_event out{};
    out.events = EPOLLONESHOT | (event == Poller::Event::read ? EPOLLIN | EPOLLRDHUP : EPOLLOUT);
    out.data.ptr = &client;
    return out;
}

}  // namespace

Status Poller::open() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    stop_event_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;  // level-triggered and never read: each thread sees it
    event.data.ptr = nullptr;
    if (epoll_ < 0 || stop_event_ < 0 ||
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, stop_event_, &event) != 0) {
        return {Code::resource_exhausted,
                std::string("cannot watch sockets: ") + std::strerror(errno)};
    }
    return {};
}

void Poller::start(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
        ::pthread_setname_np(threads_.back().native_handle(), "http-io");
    }
}

void Poller::stop_threads() {
    if (threads_.empty()) return;
    const uint64_t one = 1;
    VARVE_ASSERT(::write(stop_event_, &one, sizeof one) == sizeof one);
    for (std::thread &thread : threads_) thread.join();
    threads_.clear();
}

Poller::~Poller() {
    stop_threads();
    if (stop_event_ >= 0) ::close(stop_event_);
    if (epoll_ >= 0) ::close(epoll_);
}

bool Poller::add(int descriptor, Client &client, Event event) const {
    epoll_event wanted = event_of(client, event);
    client.handed_over_.store(true, std::memory_order_release);
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &wanted) == 0;
}

void Poller::arm(int descriptor, Client &client, Event event) const {
    epoll_event wanted = event_of(client, event);
    client.handed_over_.store(true, std::memory_order_release);
    VARVE_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &wanted) == 0);
}

void Poller::run() const {
    for (;;) {
        // One at a time: a second event would have to wait for the first one's handler, while
        // other threads are free.
        epoll_event event{};
        const int count = ::epoll_wait(epoll_, &event, 1, -1);
        if (count < 0 && errno == EINTR) continue;
        VARVE_ASSERT(count == 1);
        if (event.data.ptr == nullptr) return;
        auto &client = *static_cast<Client *>(event.data.ptr);
        (void)client.handed_over_.load(std::memory_order_acquire);
        client.on_ready();
    }
}

}  // namespace varve::http
