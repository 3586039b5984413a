// One of the three files that include Boost: threads, listening sockets, the list of sessions and
// the sweep that ends what takes too long.
//
// Plain connections live on the Poller's threads. The io_context accepts, sweeps and serves TLS:
// with a certificate it has as many threads, otherwise one. A TLS session is one coroutine with one
// operation pending, so nothing needs a strand. Connections are counted at accept. Above
// http.connections_max a few more are taken in only to be told 503; above those nobody is accepted
// until one of them is gone, so that no client ever meets a silently closed connection.
#include "kernel/http/server.hpp"

#include "kernel/http/net/asio.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/assert.hpp"
#include "kernel/http/net/listen.hpp"
#include "kernel/http/net/session.hpp"
#include "kernel/http/worker_pool.hpp"

namespace varve::http {
namespace {

using ErrorCode = boost::system::error_code;
using Descriptor = net::posix::basic_stream_descriptor<IoExecutor>;
using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, IoExecutor>;

// A handler learns within this time that its client has gone away: half of the 100 ms in which a
// query has to stop. With very many connections a sweep takes no more than a fiftieth of the time.
constexpr auto kSweepEvery = std::chrono::milliseconds(50);
constexpr int kSweepShare = 50;
constexpr auto kAcceptRetry = std::chrono::milliseconds(20);
constexpr size_t kConnectionsCap = 65536;
constexpr size_t kDescriptorReserve = 1024;  // for files and for connections that are told 503
constexpr size_t kRefusedAtOnce = 256;
constexpr int kAcceptBurst = 64;
constexpr auto kGiveUpGrace = std::chrono::seconds(5);

size_t default_connections_max() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    const size_t files = limit.rlim_cur;  // the server raises it to the hard limit before this
    const size_t reserve = std::min(kDescriptorReserve, files / 2);
    return std::clamp<size_t>(files - reserve, 1, kConnectionsCap);
}

bool has_hung_up(int descriptor) {
    pollfd entry{descriptor, POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

class Server::Impl final : public SessionList {
  public:
    Impl(Options options, RouteTable &routes, Hooks hooks)
        : service_(std::make_shared<Service>(std::move(options), routes, std::move(hooks))) {}
    ~Impl() override { stop(std::chrono::milliseconds(0)); }

    Status start();
    void stop(std::chrono::milliseconds drain_deadline);
    Status reload_tls();
    void remove(SessionBase &session) override;

    size_t connections() const {
        const std::lock_guard lock(mutex_);
        return sessions_.size();
    }
    size_t connections_max() const { return connections_max_; }

    std::string address_;
    uint16_t port_ = 0;

  private:
    struct Listener {
        Listener(IoExecutor executor, int number, bool tcp_socket)
            : descriptor(executor, number), is_tcp(tcp_socket) {}
        Descriptor descriptor;
        bool is_tcp;
    };

    Status open_listeners();
    void start_threads();
    Task accept_loop(std::shared_ptr<Listener> listener);
    bool accept_one(Listener &listener, bool &retry_later);
    void start_session(int descriptor, bool is_tcp, bool over_limit);
    Task sweep_loop();
    void sweep();
    void give_up_on_all();
    void abandon_all();
    size_t wait_until_empty(std::chrono::steady_clock::time_point until);

    const std::shared_ptr<Service> service_;
    Poller poller_;
    net::io_context context_;
    std::optional<net::executor_work_guard<IoExecutor>> work_;
    std::vector<std::thread> threads_;
    std::unique_ptr<WorkerPool> workers_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    size_t connections_max_ = 0;
    bool running_ = false;
    std::atomic<bool> accepting_{false};

    mutable std::mutex mutex_;
    std::condition_variable empty_;
    std::unordered_set<SessionBase *> sessions_;  // guarded by mutex_
    std::shared_ptr<TlsContext> tls_;             // guarded by mutex_
};

Status Server::Impl::start() {
    VARVE_ASSERT(!running_);
    const Options &options = service_->options;
    connections_max_ =
        options.connections_max != 0 ? options.connections_max : default_connections_max();
    if (!options.tls_certificate_file.empty()) VARVE_RETURN_IF_ERROR(reload_tls());
    Status status = poller_.open();
    if (status.ok()) status = open_listeners();
    if (!status.ok()) {
        listeners_.clear();
        return status;
    }
    try {
        start_threads();
    } catch (const std::exception &error) {
        stop(std::chrono::milliseconds(0));
        return {Code::resource_exhausted, std::string("cannot start io threads: ") + error.what()};
    }
    return {};
}

Status Server::Impl::open_listeners() {
    const Options &options = service_->options;
    Result<Listening> tcp = listen_tcp(options.bind_address);
    if (!tcp.ok()) return tcp.status();
    address_ = tcp->address;
    port_ = tcp->port;
    const IoExecutor executor = context_.get_executor();
    listeners_.push_back(std::make_shared<Listener>(executor, tcp->descriptor, true));
    if (options.unix_socket_path.empty()) return {};
    Result<Listening> local = listen_unix(options.unix_socket_path, options.unix_socket_mode);
    if (!local.ok()) return local.status();
    listeners_.push_back(std::make_shared<Listener>(executor, local->descriptor, false));
    return {};
}

void Server::Impl::start_threads() {
    const Options &options = service_->options;
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const unsigned io_threads =
        options.io_threads != 0 ? options.io_threads : std::max(8u, 2 * cores);
    running_ = true;
    Executor *executor = service_->hooks.executor;
    if (executor == nullptr) {
        const unsigned workers = options.worker_threads != 0 ? options.worker_threads : cores;
        workers_ = std::make_unique<WorkerPool>(workers, options.worker_queue_max);
        executor = workers_.get();
    }
    service_->executor = executor;
    service_->slots_free = std::max(1, static_cast<int>(io_threads) - 2);
    // Threads of their own, so that the others stay free.
    service_->stay_slots_free = static_cast<int>(cores);
    accepting_ = true;
    work_.emplace(context_.get_executor());
    for (const auto &listener : listeners_) {
        net::co_spawn(context_.get_executor(), accept_loop(listener), net::detached);
    }
    net::co_spawn(context_.get_executor(), sweep_loop(), net::detached);
    poller_.start(io_threads + cores);
    const unsigned context_threads = options.tls_certificate_file.empty() ? 1 : io_threads;
    for (unsigned i = 0; i < context_threads; ++i) {
        threads_.emplace_back([this] { context_.run(); });
        ::pthread_setname_np(threads_.back().native_handle(), "http-accept");
    }
}

Status Server::Impl::reload_tls() {
    const Options &options = service_->options;
    if (options.tls_certificate_file.empty()) {
        return {Code::failed_precondition, "http.tls_certificate_file is not set"};
    }
    auto made = make_tls_context(options.tls_certificate_file, options.tls_key_file);
    if (!made.ok()) return made.status();
    const std::lock_guard lock(mutex_);
    tls_ = *made;
    return {};
}

Task Server::Impl::accept_loop(std::shared_ptr<Listener> listener) {
    ErrorCode error;
    const Await token;
    Timer timer(context_.get_executor());
    while (accepting_) {
        co_await listener->descriptor.async_wait(Descriptor::wait_read,
                                                 net::redirect_error(token, error));
        if (error) break;
        bool retry_later = false;
        for (int i = 0; i < kAcceptBurst && accepting_; ++i) {
            if (!accept_one(*listener, retry_later)) break;
        }
        // Out of descriptors, or too many that wait for their 503: others stay in the backlog.
        if (retry_later) {
            timer.expires_after(kAcceptRetry);
            co_await timer.async_wait(net::redirect_error(token, error));
        }
    }
}

bool Server::Impl::accept_one(Listener &listener, bool &retry_later) {
    const size_t open = connections();
    if (open >= connections_max_ + kRefusedAtOnce) {
        retry_later = true;
        return false;
    }
    const int descriptor = ::accept4(listener.descriptor.native_handle(), nullptr, nullptr,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) return true;
        retry_later = errno != EAGAIN && errno != EWOULDBLOCK;
        return false;
    }
    try {
        start_session(descriptor, listener.is_tcp, open >= connections_max_);
    } catch (const std::exception &) {
        retry_later = true;  // out of memory: this client is lost, the next one waits
    }
    return true;
}

void Server::Impl::start_session(int descriptor, bool is_tcp, bool over_limit) {
    static std::atomic<uint64_t> next_id{1};
    Peer peer;
    peer.id = next_id.fetch_add(1, std::memory_order_relaxed);
    peer.name = peer_name(descriptor);
    peer.over_limit = over_limit;
    const int family = is_tcp && peer.name.front() == '[' ? AF_INET6 : is_tcp ? AF_INET : AF_UNIX;
    if (is_tcp) {
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    std::unique_lock lock(mutex_);
    const std::shared_ptr<TlsContext> tls = is_tcp ? tls_ : nullptr;
    lock.unlock();
    peer.is_tls = tls != nullptr;
    std::shared_ptr<SessionBase> session;
    if (tls != nullptr) {
        Socket socket(context_.get_executor(), net::generic::stream_protocol(family, IPPROTO_TCP),
                      descriptor);
        session = make_tls_session(*this, service_, std::move(peer), std::move(socket), tls);
    } else {
        session = make_plain_session(*this, service_, std::move(peer), descriptor, poller_);
    }
    lock.lock();
    sessions_.insert(session.get());
    lock.unlock();
    if (Metrics *metrics = service_->hooks.metrics; metrics != nullptr) {
        metrics->connection_opened();
        if (over_limit) metrics->connection_refused();
    }
    if (tls != nullptr) {
        start_tls_session(session);
    } else {
        start_plain_session(session);
    }
}

void Server::Impl::remove(SessionBase &session) {
    if (service_->hooks.metrics != nullptr) service_->hooks.metrics->connection_closed();
    const std::lock_guard lock(mutex_);
    sessions_.erase(&session);
    if (sessions_.empty()) empty_.notify_all();
}

Task Server::Impl::sweep_loop() {
    ErrorCode error;
    const Await token;
    Timer timer(context_.get_executor());
    int64_t took_ns = 0;
    while (accepting_) {
        timer.expires_after(std::max<std::chrono::nanoseconds>(
            kSweepEvery, std::chrono::nanoseconds(took_ns * kSweepShare)));
        co_await timer.async_wait(net::redirect_error(token, error));
        const int64_t start_ns = steady_now_ns();
        sweep();
        took_ns = steady_now_ns() - start_ns;
    }
}

// A descriptor in the list is open: sessions leave it before they close. Shutting it makes the
// session's own operation end; nobody but the session touches its socket object.
void Server::Impl::sweep() {
    const int64_t now_ns = steady_now_ns();
    const std::lock_guard lock(mutex_);
    for (SessionBase *session : sessions_) {
        const int descriptor = session->descriptor();
        switch (session->connection().sweep(now_ns)) {
            case Connection::Sweep::none:
                break;
            case Connection::Sweep::shut_read:
                ::shutdown(descriptor, SHUT_RD);
                break;
            case Connection::Sweep::shut_both:
                ::shutdown(descriptor, SHUT_RDWR);
                break;
            case Connection::Sweep::probe:
                if (has_hung_up(descriptor)) session->connection().set_hung_up();
                break;
        }
    }
}

void Server::Impl::give_up_on_all() {
    const std::lock_guard lock(mutex_);
    for (SessionBase *session : sessions_) {
        session->connection().give_up();
        ::shutdown(session->descriptor(), SHUT_RDWR);
        session->wake();
    }
}

// For sessions that outlived even the grace; no thread runs them any more.
void Server::Impl::abandon_all() {
    std::unique_lock lock(mutex_);
    const std::vector<SessionBase *> rest(sessions_.begin(), sessions_.end());
    lock.unlock();
    for (SessionBase *session : rest) session->abandon();
}

size_t Server::Impl::wait_until_empty(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    empty_.wait_until(lock, until, [&] { return sessions_.empty(); });
    return sessions_.size();
}

void Server::Impl::stop(std::chrono::milliseconds drain_deadline) {
    if (!running_) return;
    running_ = false;
    const auto until = std::chrono::steady_clock::now() + drain_deadline;
    accepting_ = false;
    // Wakes the accept loops; their descriptors are closed once no thread runs any more.
    for (const auto &listener : listeners_) {
        ::shutdown(listener->descriptor.native_handle(), SHUT_RDWR);
    }
    service_->draining = true;
    // Connections that turn idle later close by themselves; those idle now are shut here.
    while (wait_until_empty(std::min(until, std::chrono::steady_clock::now() + kSweepEvery)) != 0 &&
           std::chrono::steady_clock::now() < until) {
        sweep();
    }
    if (connections() != 0) {
        give_up_on_all();
        wait_until_empty(std::chrono::steady_clock::now() + kGiveUpGrace);
    }
    work_.reset();
    context_.stop();
    for (std::thread &thread : threads_) thread.join();
    threads_.clear();
    poller_.stop_threads();
    service_->executor = nullptr;
    workers_.reset();  // runs what is queued: answers to nowhere, but handlers return
    abandon_all();
    listeners_.clear();
    if (!service_->options.unix_socket_path.empty()) {
        ::unlink(service_->options.unix_socket_path.c_str());
    }
}

Server::Server(Options options, RouteTable &routes, Hooks hooks)
    : impl_(std::make_unique<Impl>(std::move(options), routes, std::move(hooks))) {}
Server::~Server() = default;

Status Server::start() {
    return impl_->start();
}
const std::string &Server::address() const {
    return impl_->address_;
}
uint16_t Server::port() const {
    return impl_->port_;
}
void Server::stop(std::chrono::milliseconds drain_deadline) {
    impl_->stop(drain_deadline);
}
Status Server::reload_tls() {
    return impl_->reload_tls();
}
size_t Server::connections() const {
    return impl_->connections();
}
size_t Server::connections_max() const {
    return impl_->connections_max();
}

}  // namespace varve::http
