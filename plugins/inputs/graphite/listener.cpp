#include "inputs/graphite/listener.hpp"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace varve {
namespace {

constexpr size_t kReadSize = 64 * 1024;
constexpr size_t kEventsMax = 64;
// How often a connection or the UDP socket is read while stopping: a sender that never pauses must
// not hold it up.
constexpr int kDrainCallsMax = 1024;
constexpr int64_t kSweepInterval_ns = 1'000'000'000;

}  // namespace

GraphiteListener::GraphiteListener(Host host, GraphiteListenerOptions options,
                                   BatcherOptions batcher_options, graphite_text::Codec codec)
    : host_(host),
      options_(std::move(options)),
      codec_(std::move(codec)),
      batcher_(host, std::move(batcher_options), "graphite", [this] { room_event_.signal(); }),
      buffer_(kReadSize),
      connections_open_(host.gauge("varve_graphite_connections", "Open TCP connections.")),
      connections_total_(
          host.counter("varve_graphite_connections_total", "TCP connections accepted.")),
      connections_refused_(host.counter("varve_graphite_connections_refused_total",
                                        "TCP connections beyond connections_max.")),
      connections_idle_(host.counter("varve_graphite_connections_idle_total",
                                     "TCP connections closed after idle_timeout.")),
      unterminated_lines_(host.counter("varve_graphite_unterminated_lines_total",
                                       "Last lines of connections, dropped without their end.")),
      long_lines_(
          host.counter("varve_graphite_long_lines_total", "Lines longer than line_size_max.")),
      nan_values_(
          host.counter("varve_graphite_nan_values_total", "Values dropped because they are NaN.")),
      datagrams_(host.counter("varve_graphite_datagrams_total", "Datagrams received.")),
      bytes_(host.counter("varve_graphite_bytes_total", "Bytes received.")),
      kernel_drops_(host.counter("varve_graphite_kernel_drops_total",
                                 "Datagrams the kernel dropped: the socket's buffer was full.")) {}

Status GraphiteListener::open() {
    VARVE_RETURN_IF_ERROR(stop_event_.open());
    VARVE_RETURN_IF_ERROR(room_event_.open());
    main_epoll_ = inet::Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    sources_epoll_ = inet::Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    reserve_ = inet::Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!main_epoll_.is_open() || !sources_epoll_.is_open()) {
        return {Code::io_error, std::string("cannot make an epoll: ") + std::strerror(errno)};
    }
    VARVE_RETURN_IF_ERROR(watch(main_epoll_.get(), stop_event_.fd()));
    VARVE_RETURN_IF_ERROR(watch(main_epoll_.get(), room_event_.fd()));
    VARVE_RETURN_IF_ERROR(watch(main_epoll_.get(), sources_epoll_.get()));
    if (options_.tcp) {
        auto socket = inet::listen_tcp(options_.bind_address);
        if (!socket.ok()) return socket.status();
        tcp_ = std::move(*socket);
        VARVE_RETURN_IF_ERROR(watch(main_epoll_.get(), tcp_.get()));
    }
    if (options_.udp) {
        auto socket = inet::bind_udp(options_.bind_address, options_.read_buffer);
        if (!socket.ok()) return socket.status();
        udp_ = std::move(*socket);
        inet::warn_if_capped(host_, udp_, options_.read_buffer);
        receiver_ = std::make_unique<inet::DatagramReceiver>(udp_.get());
        VARVE_RETURN_IF_ERROR(watch(sources_epoll_.get(), udp_.get()));
    }
    return {};
}

Status GraphiteListener::watch(int epoll, int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return {Code::io_error, std::string("cannot watch a socket: ") + std::strerror(errno)};
}

std::string GraphiteListener::addresses() const {
    std::string text;
    if (tcp_.is_open()) text += "tcp://" + inet::local_address(tcp_);
    if (udp_.is_open()) text += (text.empty() ? "" : " ") + ("udp://" + inet::local_address(udp_));
    return text;
}

void GraphiteListener::run() {
    epoll_event events[4];
    for (bool is_stopping = false; !is_stopping;) {
        const int count = ::epoll_wait(main_epoll_.get(), events, std::size(events), wait_ms());
        for (int i = 0; i < count; ++i) {
            const int fd = events[i].data.fd;
            if (fd == stop_event_.fd()) is_stopping = true;
            if (fd == room_event_.fd()) room_event_.clear();
            if (fd == tcp_.get()) accept_all();
            if (fd == sources_epoll_.get()) serve_sources();
        }
        flush_when_due();
        close_idle();
    }
    drain();
}

int GraphiteListener::wait_ms() const {
    const int batch_ms = is_paused_ ? -1 : batcher_.wait_ms();
    if (options_.idle_timeout_ns == 0 || connections_.empty()) return batch_ms;
    const int64_t sweep_ns = std::min(kSweepInterval_ns, options_.idle_timeout_ns);
    const int sweep_ms = static_cast<int>(sweep_ns / 1'000'000) + 1;
    return batch_ms < 0 ? sweep_ms : std::min(batch_ms, sweep_ms);
}

void GraphiteListener::accept_all() {
    for (;;) {
        inet::Descriptor peer(
            ::accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!peer.is_open()) {
            if (errno == ECONNABORTED || errno == EINTR) continue;
            if (errno != EMFILE && errno != ENFILE) return;
            // No descriptor left: take the peer with the reserve and send it away, or epoll would
            // report it for ever.
            reserve_.reset();
            peer = inet::Descriptor(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            const bool was_there = peer.is_open();
            peer.reset();
            reserve_ = inet::Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
            if (!was_there) return;
            connections_refused_.add();
            continue;
        }
        const int fd = peer.get();
        if (connections_.size() >= options_.connections_max ||
            !watch(sources_epoll_.get(), fd).ok()) {
            connections_refused_.add();
            continue;
        }
        const int on = 1;
        // Best effort: peers that vanished are noticed some day.
        (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        GraphiteConnection connection(std::move(peer), options_.line_size_max);
        connection.heard_at_ns = host_.monotonic_ns();
        connections_.emplace(fd, std::move(connection));
        connections_total_.add();
        connections_open_.set(static_cast<double>(connections_.size()));
    }
}

void GraphiteListener::serve_sources() {
    epoll_event events[kEventsMax];
    const int count = ::epoll_wait(sources_epoll_.get(), events, kEventsMax, 0);
    for (int i = 0; i < count && !is_paused_; ++i) {
        const int fd = events[i].data.fd;
        if (fd == udp_.get()) {
            serve_udp();
        } else if (const auto found = connections_.find(fd); found != connections_.end()) {
            serve_connection(found->second);
        }
        flush_when_due();
    }
}

bool GraphiteListener::serve_udp() {
    const size_t count = receiver_->receive();
    if (count == 0) return false;
    const uint64_t before = codec_.line_count();
    const int64_t now_ns = host_.now_ns();
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
        size += receiver_->datagram(i).size();
        codec_.read(receiver_->datagram(i), now_ns);
    }
    datagrams_.add(static_cast<double>(count));
    bytes_.add(static_cast<double>(size));
    if (const uint64_t drops = receiver_->take_kernel_drops(); drops != 0) {
        kernel_drops_.add(static_cast<double>(drops));
    }
    note_lines(before);
    return true;
}

bool GraphiteListener::serve_connection(GraphiteConnection &connection) {
    const ssize_t size = ::recv(connection.fd(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size <= 0) {
        close_connection(connection.fd());
        return false;
    }
    const uint64_t before = codec_.line_count();
    connection.heard_at_ns = host_.monotonic_ns();
    connection.take({buffer_.data(), static_cast<size_t>(size)}, codec_, host_.now_ns());
    bytes_.add(static_cast<double>(size));
    note_lines(before);
    return true;
}

void GraphiteListener::close_connection(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    if (found->second.has_partial_line()) unterminated_lines_.add();
    connections_.erase(found);
    connections_open_.set(static_cast<double>(connections_.size()));
}

void GraphiteListener::note_lines(uint64_t before) {
    batcher_.note_rows(codec_.line_count() - before);
}

void GraphiteListener::flush_when_due() {
    const bool is_due = batcher_.is_due();
    if (is_due && is_draining_) batcher_.wait_for_room();
    const bool has_room = batcher_.has_room();
    if (is_due && has_room) flush();
    if (!is_draining_) set_paused(is_due && !has_room);
}

void GraphiteListener::flush() {
    const graphite_text::Parsed parsed = codec_.finish(0);
    if (parsed.nan_count != 0) nan_values_.add(static_cast<double>(parsed.nan_count));
    if (parsed.long_line_count != 0) long_lines_.add(static_cast<double>(parsed.long_line_count));
    batcher_.submit(parsed.batch, parsed.bad_rows);
}

void GraphiteListener::set_paused(bool paused) {
    if (paused == is_paused_) return;
    epoll_event event{};
    event.events = paused ? 0U : static_cast<uint32_t>(EPOLLIN);
    event.data.fd = sources_epoll_.get();
    // It fails only for a descriptor that is not watched, and this one always is.
    (void)::epoll_ctl(main_epoll_.get(), EPOLL_CTL_MOD, sources_epoll_.get(), &event);
    is_paused_ = paused;
    if (!paused) resumed_at_ns_ = host_.monotonic_ns();
}

void GraphiteListener::close_idle() {
    if (options_.idle_timeout_ns == 0 || is_paused_ || connections_.empty()) return;
    const int64_t now = host_.monotonic_ns();
    if (now - swept_at_ns_ < std::min(kSweepInterval_ns, options_.idle_timeout_ns)) return;
    swept_at_ns_ = now;
    std::vector<int> idle;
    for (const auto &[fd, connection] : connections_) {
        // While paused nobody was listened to.
        const int64_t since = std::max(connection.heard_at_ns, resumed_at_ns_);
        if (now - since >= options_.idle_timeout_ns) idle.push_back(fd);
    }
    for (const int fd : idle) {
        connections_idle_.add();
        close_connection(fd);
    }
}

void GraphiteListener::drain() {
    is_draining_ = true;
    if (tcp_.is_open()) accept_all();  // those that sent and left before they were accepted
    tcp_.reset();
    std::vector<int> open;
    open.reserve(connections_.size());
    for (const auto &[fd, connection] : connections_) open.push_back(fd);
    for (const int fd : open) {
        for (int i = 0; i < kDrainCallsMax && serve_connection(connections_.at(fd)); ++i) {
            flush_when_due();
        }
        close_connection(fd);
    }
    if (udp_.is_open()) {
        for (int i = 0; i < kDrainCallsMax && serve_udp(); ++i) flush_when_due();
        udp_.reset();
    }
    batcher_.wait_for_room();
    flush();
    batcher_.drain();
}

}  // namespace varve
